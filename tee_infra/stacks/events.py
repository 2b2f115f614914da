"""One run of the engine, from its event stream.

Only resources count as changes: components and providers are the program's own structure and have no contents.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pulumi.automation.events import (
    DiagnosticEvent,
    EngineEvent,
    PolicyEvent,
    ResourcePreEvent,
    ResOutputsEvent,
    StepEventMetadata,
    StepEventStateMetadata,
)

from tee_infra.core.changes.engine_run import NOTHING, Change, EngineRun, Ignored, Operation, Outcome, Violation
from tee_infra.core.changes.table_change import ignored_paths
from tee_infra.core.cost.resource import TABLE, Cost, estimate

Report = Callable[[str], None]

_STACK_TYPE: Final = "pulumi:pulumi:Stack"
_ENGINE_TYPES: Final = "pulumi:"
_PROTECTED: Final = re.compile(r"as it is currently marked for protection|is protected|cannot be deleted.*protect")
_URN: Final = re.compile(r"urn:pulumi:[^\s\"']*::([^\s\"':]+)")
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
class EventCollector:
    """Collects changes from events; `report` gets a line for every finished change.

    Values of resources are read only here, for costs and ignored changes, and never passed on.
    """

    report: Report
    changes: dict[str, Change] = field(default_factory=dict[str, Change])
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])
    ignored: dict[str, Ignored] = field(default_factory=dict[str, Ignored])
    violations: list[Violation] = field(default_factory=list[Violation])
    packs: dict[str, str] = field(default_factory=dict[str, str])
    problems: list[str] = field(default_factory=list[str])
    reached: dict[str, Outcome] = field(default_factory=dict[str, Outcome])
    failed: set[str] = field(default_factory=set[str])
    problem_of: dict[str, str] = field(default_factory=dict[str, str])
    protected: list[str] = field(default_factory=list[str])
    holders: dict[tuple[str, str], set[str]] = field(default_factory=dict[tuple[str, str], set[str]])
    """The URNs of the state that hold a physical resource, by its type and id."""
    seen: set[str] = field(default_factory=set[str])
    """The URNs of all steps."""

    def on_event(self, event: EngineEvent) -> None:
        """The Automation API's `on_event`."""
        if event.resource_pre_event:
            self._begun(event.resource_pre_event)
        elif event.res_outputs_event:
            self._finished(event.res_outputs_event)
        elif event.res_op_failed_event:
            self.failed.add(event.res_op_failed_event.metadata.urn)
        elif event.diagnostic_event and event.diagnostic_event.severity == "error":
            self._problem(event.diagnostic_event)
        elif event.policy_event:
            self.violations.append(_violation(event.policy_event))
        elif event.summary_event:
            # A pack from a folder is called `tee-rules|local|/folder`.
            packs = event.summary_event.policy_packs or {}
            self.packs = {name.partition("|")[0]: version for name, version in packs.items()}

    def result(self) -> EngineRun:
        """The run so far."""
        return EngineRun(
            changes=tuple(self._judged(change) for change in self.changes.values()),
            outputs=self.outputs,
            ignored=tuple(self.ignored.values()),
            violations=tuple(self.violations),
            packs=self.packs,
            problems=tuple(self.problems),
            shared=self._shared(),
        )

    def reasons(self) -> list[str]:
        """The reasons of a failure: the engine's errors, or the policies that stopped the run."""
        return self.problems or [
            f"{violation.resource}: policy {violation.policy}: {violation.message}"
            for violation in self.violations
            if violation.mandatory
        ]

    def blocked_plan(self, state: Mapping[str, Any], refused: Collection[str]) -> EngineRun:
        """The whole plan of a preview that a protection ended early. `refused`: the names that the engine refused.

        `state` is the exported deployment. Its resources without a step are those that the program no longer has.
        """
        for resource in state.get("resources") or ():
            if resource["urn"] in self.seen or resource.get("delete") or resource.get("external"):
                continue
            if resource.get("custom") and not resource["type"].startswith(_ENGINE_TYPES):
                self._deletion(resource)
        changes = (replace(change, outcome="planned", problem="") for change in self.changes.values())
        return replace(
            self.result(),
            changes=tuple(
                replace(change, protected=change.protected or (change.destroys and change.name in refused))
                for change in changes
            ),
            problems=(),
        )

    def _deletion(self, resource: Mapping[str, Any]) -> None:
        urn, kind = resource["urn"], resource["type"]
        self.holders.setdefault((kind, resource.get("id", "")), set()).add(urn)
        self.changes[urn] = Change(
            operation="delete",
            type=kind,
            name=_resource_name(urn),
            urn=urn,
            protected=bool(resource.get("protect")),
            cost_before=estimate(kind, resource.get("inputs") or {}),
        )

    def _shared(self) -> tuple[str, ...]:
        """After an import under another parent, two URNs hold one table, and the stale one is planned as a delete."""
        twins = {urn for urns in self.holders.values() if len(urns) > 1 for urn in urns}
        return tuple(change.name for change in self.changes.values() if change.destroys and change.urn in twins)

    def _judged(self, change: Change) -> Change:
        """A replacement may fail after its deletion is done."""
        if change.urn in self.failed:
            return replace(change, outcome="failed", problem=self.problem_of.get(change.urn, ""))
        return replace(change, outcome=self.reached.get(change.urn, "planned"))

    def _begun(self, event: ResourcePreEvent) -> None:
        if (change := self._step(event.metadata)) and not event.planning:
            self.reached[change.urn] = "begun"

    def _finished(self, event: ResOutputsEvent) -> None:
        step = event.metadata
        if change := self._step(step):
            if not event.planning:
                self.reached[change.urn] = "done"
            self.report(f"{change.operation:<8} {change.type}  {change.name}")
        if step.type == _STACK_TYPE and step.new:
            self.outputs = dict(step.new.outputs or {})

    def _step(self, step: StepEventMetadata) -> Change | None:
        self.seen.add(step.urn)
        if step.type == TABLE and step.old and step.new:
            self._compare(step)
        if step.old and step.old.custom and step.old.id and not step.type.startswith(_ENGINE_TYPES):
            self.holders.setdefault((step.type, step.old.id), set()).add(step.urn)
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
            cost_before=_cost(step.old) if operation != "create" else NOTHING,
            cost_after=_cost(step.new) if operation != "delete" else NOTHING,
        )
        self.changes[step.urn] = change
        return change

    def _compare(self, step: StepEventMetadata) -> None:
        """Record changes that the provider ignores: the engine reports `same`, or only other differences."""
        if paths := ignored_paths((step.old and step.old.inputs) or {}, (step.new and step.new.inputs) or {}):
            self.ignored[step.urn] = Ignored(name=_resource_name(step.urn), urn=step.urn, paths=paths)

    def _problem(self, diagnostic: DiagnosticEvent) -> None:
        message = _plain(diagnostic.message)
        if not message or _SAYS_NOTHING.fullmatch(message):
            return
        name = _resource_name(diagnostic.urn) if diagnostic.urn else ""
        if _PROTECTED.search(message):
            # The engine's own advice is to take the protection off.
            self.protected.append(name)
            return
        if diagnostic.urn:
            self.failed.add(diagnostic.urn)
            self.problem_of[diagnostic.urn] = message
        problem = f"{name}: {message}" if name else message
        if problem not in self.problems:
            self.problems.append(problem)


def _cost(state: StepEventStateMetadata | None) -> Cost | None:
    return estimate(state.type, state.inputs or {}) if state else NOTHING


def _violation(event: PolicyEvent) -> Violation:
    return Violation(
        pack=event.policy_pack_name,
        policy=event.policy_name,
        message=_plain(event.message),
        mandatory=event.enforcement_level == "mandatory",
        resource=_resource_name(event.resource_urn or ""),
    )


def _plain(message: str) -> str:
    """One line, without the engine's colour marks, with names in place of URNs."""
    text = " ".join(re.sub(r"<\{%.*?%\}>", "", message).split())
    return _URN.sub(r"\1", text.removeprefix("error: ").removeprefix("an unhandled error occurred: "))


def _resource_name(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]
