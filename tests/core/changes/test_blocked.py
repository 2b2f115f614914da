"""Which changes of a plan `up` refuses, why, and how they are made without a loss."""

import re

import pytest

from tee_infra.core.changes.blocked import HOLDS, blocked, way_through
from tee_infra.core.changes.engine_run import Change, EngineRun, Operation, Outcome

ROLE = "aws:iam/role:Role"


def run_of(
    operation: Operation, kind: str, *, protected: bool = True, shared: bool = False, outcome: Outcome = "planned"
) -> EngineRun:
    change = Change(operation=operation, type=kind, name="x", urn="u", protected=protected, outcome=outcome)
    return EngineRun(changes=(change,), shared=("x",) if shared else ())


@pytest.mark.parametrize("kind", [*HOLDS, ROLE])
@pytest.mark.parametrize("operation", ["delete", "replace"])
def test_what_a_protection_forbids_is_blocked_and_says_what_it_would_lose(operation: Operation, kind: str) -> None:
    why = blocked(run_of(operation, kind))["u"]
    assert why.startswith("protected")
    assert HOLDS.get(kind, "") in why
    assert blocked(run_of(operation, kind, protected=False)) == {}


@pytest.mark.parametrize("operation", ["create", "update"])
def test_what_loses_nothing_is_not_blocked(operation: Operation) -> None:
    assert blocked(run_of(operation, "aws:dynamodb/table:Table", shared=True)) == {}


@pytest.mark.parametrize("operation", ["delete", "replace"])
def test_what_another_resource_holds_is_blocked(operation: Operation) -> None:
    assert "another resource" in blocked(run_of(operation, ROLE, protected=False, shared=True))["u"]


@pytest.mark.parametrize("outcome", ["begun", "done", "failed"])
def test_only_a_plan_is_blocked(outcome: Outcome) -> None:
    assert blocked(run_of("delete", ROLE, outcome=outcome)) == {}


@pytest.mark.parametrize(
    ("environment", "slot"), [("prod", "prod-v2"), ("prod-v2", "prod-v3"), ("prod-v9", "prod-v10"), ("staging", None)]
)
def test_the_way_through_is_the_following_slot_and_only_production_has_slots(
    environment: str, slot: str | None
) -> None:
    assert re.findall(r"prod-v\d+", way_through(environment)) == ([slot] if slot else [])
    assert "move the data" in way_through(environment)
