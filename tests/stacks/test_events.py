"""Events as the engine sends them, shortened to what is read."""

from typing import Any

import pytest
from pulumi.automation.events import EngineEvent

from tee_infra.core.changes.engine_run import Ignored, Violation
from tee_infra.core.cost.resource import Cost
from tee_infra.stacks.events import EventCollector

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


def run_of(*events: dict[str, Any]) -> tuple[EventCollector, list[str]]:
    lines: list[str] = []
    run = EventCollector(report=lines.append)
    for sequence, event in enumerate(events):
        run.on_event(EngineEvent.from_json({"sequence": sequence, "timestamp": 0, **event}))
    return run, lines


def test_what_stays_the_same_is_no_change() -> None:
    run, _ = run_of(planned("same", old=state(), new=state()))
    assert run.result().changes == ()


@pytest.mark.parametrize(
    ("held_by", "kind", "identity", "shared"),
    [
        ("other", TABLE, "x", ("data-tee-admin",)),
        ("other", TABLE, "y", ()),
        ("other", "aws:iam/role:Role", "x", ()),
        ("same", TABLE, "x", ()),
    ],
)
@pytest.mark.parametrize("operation", ["delete", "replace"])
def test_a_deletion_of_what_another_resource_of_the_state_holds_is_known(
    held_by: str, kind: str, identity: str, shared: tuple[str, ...], operation: str
) -> None:
    other = URN if held_by == "same" else f"urn:pulumi:dev::tee-infra::{kind}::imported"
    twin = state(kind=kind, id=identity)
    events = [
        planned(operation, old=state(), new=state() if operation == "replace" else None),
        {
            "resourcePreEvent": {
                "metadata": step("same", kind=kind, old=twin, new=twin) | {"urn": other},
                "planning": True,
            }
        },
    ]
    for order in (events, reversed(events)):
        run, _ = run_of(*order)
        assert run.result().shared == shared


def test_a_replacement_counts_once_and_knows_its_protection() -> None:
    old, new = state(protect=True), state()
    run, _ = run_of(*(planned(op, old=old, new=new) for op in ("delete-replaced", "replace", "create-replacement")))
    (change,) = run.result().changes
    assert (change.operation, change.name, change.protected) == ("replace", "data-tee-admin", True)


def test_a_change_carries_paths_and_never_values() -> None:
    difference = {"hashKey": {"diffKind": "update-replace", "inputDiff": True}}
    run, _ = run_of(planned("replace", old=state(), new=state(inputs={"hashKey": "secret"}), detailedDiff=difference))
    (change,) = run.result().changes
    assert change.differences == {"hashKey": "update-replace"}
    assert "secret" not in repr(change)


@pytest.mark.parametrize("kind", ["tee:index:DataTables", "pulumi:providers:aws", "pulumi:pulumi:Stack"])
def test_components_and_providers_hold_nothing(kind: str) -> None:
    run, lines = run_of(done("create", kind=kind, new=state(kind=kind, custom=kind.startswith("pulumi:providers"))))
    assert run.result().changes == ()
    assert lines == []


def test_every_finished_change_is_reported_at_once() -> None:
    _, lines = run_of(planned("create", new=state()), done("create", new=state()))
    assert lines == [f"create   {TABLE}  data-tee-admin"]


def test_the_stacks_outputs_are_taken_from_its_event() -> None:
    kind = "pulumi:pulumi:Stack"
    run, _ = run_of(done("same", kind=kind, new=state(kind=kind, custom=False, outputs={"kind": "dev"})))
    assert run.result().outputs == {"kind": "dev"}


def test_an_error_is_one_line_with_the_resource_that_it_is_about() -> None:
    run, _ = run_of(failed("<{%reset%}>it\n  failed<{%reset%}>"), failed("update failed", urn=None))
    assert run.problems == ["data-tee-admin: it failed"]


def test_an_error_that_is_told_twice_is_one_and_names_resources_by_their_names() -> None:
    told = f'cannot replace "{URN}" now'
    run, _ = run_of(failed(told, urn=None), failed(f"an unhandled error occurred: {told}", urn=None))
    assert run.problems == ['cannot replace "data-tee-admin" now']


def test_a_refusal_by_a_protection_is_told_from_other_errors() -> None:
    run, _ = run_of(failed("unable to replace resource as it is currently marked for protection"))
    assert run.protected == ["data-tee-admin"]
    assert (run.problems, run.failed) == ([], set())  # the engine's advice is to unprotect it


@pytest.mark.parametrize("protect", [True, False])
def test_the_plan_of_a_refused_preview_has_the_deletions_that_it_did_not_reach(protect: bool) -> None:
    """The engine ends at the first protected one; what the program no longer has is in the state only."""
    gone = state(protect=protect, inputs={"billingMode": "PAY_PER_REQUEST"}) | {"urn": "urn:::gone"}
    others: list[dict[str, Any]] = [
        state(),  # has a step
        gone | {"urn": "urn:::read", "external": True},
        gone | {"urn": "urn:::pending", "delete": True},
        gone | {"urn": "urn:::component", "custom": False},
        gone | {"urn": "urn:::provider", "type": "pulumi:providers:aws"},
    ]
    run, _ = run_of(planned("same", old=state(id="y"), new=state(id="y")), failed("it is protected"))
    (change,) = run.blocked_plan({"resources": [gone, *others]}, []).changes
    assert (change.operation, change.name, change.protected, change.outcome) == ("delete", "gone", protect, "planned")
    assert change.cost_before == Cost(gb_usd=0.25, most_requests_usd=None)


def test_what_the_engine_refused_is_blocked_although_the_state_does_not_protect_it() -> None:
    run, _ = run_of(planned("replace", old=state(), new=state()))
    (change,) = run.blocked_plan({}, ["data-tee-admin"]).protected
    assert change.name == "data-tee-admin"


def test_a_deletion_that_was_not_reached_may_be_of_what_another_resource_holds() -> None:
    run, _ = run_of(planned("same", old=state(), new=state()))
    assert run.blocked_plan({"resources": [state() | {"urn": "urn:::stale"}]}, []).shared == ("stale",)


def test_a_change_knows_what_it_costs_and_not_what_it_holds() -> None:
    capped = {
        "billingMode": "PAY_PER_REQUEST",
        "onDemandThroughput": {"maxReadRequestUnits": 5, "maxWriteRequestUnits": 5},
    }
    open_ended = {"billingMode": "PAY_PER_REQUEST", "name": "a-name"}
    run, _ = run_of(planned("update", old=state(inputs=capped), new=state(inputs=open_ended)))
    (change,) = run.result().changes
    assert change.cost_before == Cost(gb_usd=0.25, most_requests_usd=pytest.approx(9.855))
    assert change.cost_after == Cost(gb_usd=0.25, most_requests_usd=None)
    assert "a-name" not in repr(change)


def test_what_is_made_cost_nothing_before_and_what_goes_nothing_after() -> None:
    key = "aws:kms/key:Key"
    made, _ = run_of(planned("create", kind=key, new=state(kind=key)))
    gone, _ = run_of(planned("delete", kind=key, old=state(kind=key)))
    assert (made.result().changes[0].cost_before, made.result().changes[0].cost_after) == (Cost(), Cost(usd=1))
    assert (gone.result().changes[0].cost_before, gone.result().changes[0].cost_after) == (Cost(usd=1), Cost())


def test_what_the_engine_calls_the_same_although_the_program_changed_it_is_noticed() -> None:
    old = {"attributes": [{"name": "sk", "type": "S"}]}
    new = {"attributes": [{"name": "sk", "type": "N"}]}
    run, _ = run_of(planned("same", old=state(inputs=old), new=state(inputs=new)))
    assert run.result().changes == ()
    assert run.result().ignored == (Ignored(name="data-tee-admin", urn=URN, paths=("attributes[0].type",)),)


def test_a_step_is_planned_then_done_or_failed() -> None:
    other = f"{URN}-2"
    beginning = {"resourcePreEvent": {"metadata": step("create", new=state())}}
    run, _ = run_of(beginning)
    assert run.result().changes[0].outcome == "begun"
    assert run_of(planned("create", new=state()))[0].result().changes[0].outcome == "planned"
    run, _ = run_of(beginning, done("create", new=state()))
    assert run.result().changes[0].outcome == "done"
    fails = {"resOpFailedEvent": {"metadata": step("create", new=state()), "status": 0, "steps": 0}}
    run, _ = run_of(beginning, failed("Table already exists"), failed("somebody else's", other), fails)
    assert (run.result().changes[0].outcome, run.result().changes[0].problem) == ("failed", "Table already exists")


def test_a_replacement_whose_second_half_fails_has_failed() -> None:
    old, new = state(), state()
    run, _ = run_of(
        *(done(op, old=old, new=new) for op in ("delete-replaced", "replace")),
        failed("limit exceeded"),
        {"resOpFailedEvent": {"metadata": step("create-replacement", new=new), "status": 0, "steps": 0}},
    )
    assert [change.outcome for change in run.result().changes] == ["failed"]


def test_policies_and_their_violations_are_kept() -> None:
    violation = {
        "policyEvent": {
            "resourceUrn": URN,
            "message": "<{%fg 1%}>no\ncap<{%reset%}>",
            "color": "raw",
            "policyName": "caps",
            "policyPackName": "tee",
            "policyPackVersion": "1.0.0",
            "policyPackVersionTag": "1.0.0",
            "enforcementLevel": "mandatory",
        }
    }
    summary = {"summaryEvent": {"resourceChanges": {}, "PolicyPacks": {"tee|local|/somewhere": "1.0.0"}}}
    run, _ = run_of(violation, summary)
    assert run.result().packs == {"tee": "1.0.0"}
    assert run.reasons() == ["data-tee-admin: policy caps: no cap"]
    assert run.result().violations == (
        Violation(pack="tee", policy="caps", message="no cap", mandatory=True, resource="data-tee-admin"),
    )
