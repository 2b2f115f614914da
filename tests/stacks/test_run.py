"""Events as the engine sends them, shortened to what is read."""

from typing import Any

import pytest
from pulumi.automation.events import EngineEvent

from tee_infra.stacks.run import Run

TABLE = "aws:dynamodb/table:Table"
URN = "urn:pulumi:dev::tee-infra::tee:index:DataTables$aws:dynamodb/table:Table::data-tee-admin"


def state(*, custom: bool = True, protect: bool = False, kind: str = TABLE, **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "urn": URN,
        "id": "x",
        "parent": "",
        "provider": "",
        "custom": custom,
        "protect": protect,
        **more,
    }


def step(operation: str, *, kind: str = TABLE, **more: Any) -> dict[str, Any]:
    return {"op": operation, "urn": URN, "type": kind, "provider": "", **more}


def planned(operation: str, **more: Any) -> dict[str, Any]:
    return {"resourcePreEvent": {"metadata": step(operation, **more), "planning": True}}


def done(operation: str, **more: Any) -> dict[str, Any]:
    return {"resOutputsEvent": {"metadata": step(operation, **more), "planning": False}}


def failed(message: str, urn: str | None = URN) -> dict[str, Any]:
    return {"diagnosticEvent": {"message": message, "color": "never", "severity": "error", "urn": urn}}


def run_of(*events: dict[str, Any]) -> tuple[Run, list[str]]:
    lines: list[str] = []
    run = Run(report=lines.append)
    for sequence, event in enumerate(events):
        run.on_event(EngineEvent.from_json({"sequence": sequence, "timestamp": 0, **event}))
    return run, lines


def test_what_stays_the_same_is_no_change() -> None:
    run, _ = run_of(planned("same", old=state(), new=state()))
    assert run.plan().changes == ()


def test_a_replacement_counts_once_and_knows_its_protection() -> None:
    old, new = state(protect=True), state()
    run, _ = run_of(*(planned(op, old=old, new=new) for op in ("delete-replaced", "replace", "create-replacement")))
    (change,) = run.plan().changes
    assert (change.operation, change.name, change.protected) == ("replace", "data-tee-admin", True)


def test_a_change_carries_paths_and_never_values() -> None:
    difference = {"hashKey": {"diffKind": "update-replace", "inputDiff": True}}
    run, _ = run_of(planned("replace", old=state(), new=state(inputs={"hashKey": "secret"}), detailedDiff=difference))
    (change,) = run.plan().changes
    assert change.differences == {"hashKey": "update-replace"}
    assert "secret" not in repr(change)


@pytest.mark.parametrize("kind", ["tee:index:DataTables", "pulumi:providers:aws", "pulumi:pulumi:Stack"])
def test_components_and_providers_hold_nothing(kind: str) -> None:
    run, lines = run_of(done("create", kind=kind, new=state(kind=kind, custom=kind.startswith("pulumi:providers"))))
    assert run.plan().changes == ()
    assert lines == []


def test_every_finished_change_is_reported_at_once() -> None:
    _, lines = run_of(planned("create", new=state()), done("create", new=state()))
    assert lines == [f"create   {TABLE}  data-tee-admin"]


def test_the_stacks_outputs_are_taken_from_its_event() -> None:
    kind = "pulumi:pulumi:Stack"
    run, _ = run_of(done("same", kind=kind, new=state(kind=kind, custom=False, outputs={"kind": "dev"})))
    assert run.plan().outputs == {"kind": "dev"}


def test_an_error_is_one_line_with_the_resource_that_it_is_about() -> None:
    run, _ = run_of(failed("<{%reset%}>it\n  failed<{%reset%}>"), failed("update failed", urn=None))
    assert run.problems == ["data-tee-admin: it failed"]


def test_a_refusal_by_a_protection_is_told_from_other_errors() -> None:
    run, _ = run_of(failed("unable to replace resource as it is currently marked for protection"))
    assert run.protected == ["data-tee-admin"]
