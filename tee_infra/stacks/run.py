"""One run of the engine, as its event stream tells it.

A change is a resource's: components and providers are the program's own structure and hold nothing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from pulumi.automation.events import DiagnosticEvent, EngineEvent, StepEventMetadata

from tee_infra.core.plan import Change, Operation, Plan

Report = Callable[[str], None]

_STACK_TYPE: Final = "pulumi:pulumi:Stack"
_ENGINE_TYPES: Final = "pulumi:"
_PROTECTED: Final = re.compile(r"as it is currently marked for protection|is protected|cannot be deleted.*protect")
_SAYS_NOTHING: Final = re.compile(r"(resource )?(update|preview|destroy|refresh) failed")

# A replacement is up to three steps (delete-replaced, replace, create-replacement); only one of them is `replace`.
_OPERATIONS: Final[dict[str, Operation]] = {
    "create": "create",
    "import": "create",
    "update": "update",
    "replace": "replace",
    "delete": "delete",
}


@dataclass(kw_only=True)
class Run:
    """Collects changes, outputs and error messages from events; `report` gets a line for every finished change."""

    report: Report
    changes: dict[str, Change] = field(default_factory=dict[str, Change])
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])
    problems: list[str] = field(default_factory=list[str])
    protected: list[str] = field(default_factory=list[str])

    def on_event(self, event: EngineEvent) -> None:
        """The Automation API's `on_event`."""
        if event.resource_pre_event:
            self._step(event.resource_pre_event.metadata)
        elif event.res_outputs_event:
            step = event.res_outputs_event.metadata
            if change := self._step(step):
                self.report(f"{change.operation:<8} {change.type}  {change.name}")
            if step.type == _STACK_TYPE and step.new:
                self.outputs = dict(step.new.outputs or {})
        elif event.diagnostic_event and event.diagnostic_event.severity == "error":
            self._problem(event.diagnostic_event)

    def plan(self) -> Plan:
        """The run so far."""
        return Plan(changes=tuple(self.changes.values()), outputs=self.outputs)

    def _step(self, step: StepEventMetadata) -> Change | None:
        operation = _OPERATIONS.get(str(step.op.value))
        state = step.new or step.old
        if operation is None or state is None or not state.custom or step.type.startswith(_ENGINE_TYPES):
            return None
        change = Change(
            operation=operation,
            type=step.type,
            name=_resource_name(step.urn),
            urn=step.urn,
            protected=bool(step.old and step.old.protect),
            differences={path: diff.diff_kind.value for path, diff in (step.detailed_diff or {}).items()},
        )
        self.changes[step.urn] = change
        return change

    def _problem(self, diagnostic: DiagnosticEvent) -> None:
        message = " ".join(re.sub(r"<\{%.*?%\}>", "", diagnostic.message).removeprefix("error: ").split())
        if not message or _SAYS_NOTHING.fullmatch(message):
            return
        name = _resource_name(diagnostic.urn) if diagnostic.urn else ""
        if _PROTECTED.search(message):
            self.protected.append(name)
        self.problems.append(f"{name}: {message}" if name else message)


def _resource_name(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]
