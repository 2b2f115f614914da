from typing import Any

import pytest

from tee_infra.core.lifecycle.record import Hold
from tee_infra.core.lifecycle.transitions import BoundElsewhereError
from tee_infra.core.names import BranchNameError
from tee_infra.core.pulumi_state.files import checkpoint_file
from tee_infra.workflows.control.records import UnregisteredError
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.destroy_steps import DeletionProtectedError, UnreadableStateError
from tee_infra.workflows.features.plan_destroy import (
    ForeignEnvironmentError,
    HeldError,
    plan_destroy,
    record_of_branch,
    require_destroyable,
)
from tests.support.homes import NOW, client, make_table, record_of, tags_of


def test_a_branch_names_its_own_environment_and_no_other_branchs(context: FeatureContext) -> None:
    record = context.control.write(record_of("feature-x"))
    assert record_of_branch(context, "feature/x") == record
    assert record_of_branch(context, "feature/x").branch == "feature/x"
    with pytest.raises(BoundElsewhereError, match="belongs to branch 'feature/x'"):
        record_of_branch(context, "x")
    with pytest.raises(UnregisteredError):
        record_of_branch(context, "feature/y")
    with pytest.raises(BranchNameError):
        record_of_branch(context, "feature/prod")


def test_a_hold_is_respected_until_it_ends_and_says_how_to_end_it(context: FeatureContext) -> None:
    record = record_of("feature-x", hold=Hold(reason="the demo", until=NOW, by="bob"))
    require_destroyable(context, record, NOW)
    held = record.with_changes(hold=Hold(reason="the demo", until=NOW.replace(hour=9), by="bob"))
    with pytest.raises(HeldError) as error:
        require_destroyable(context, held, NOW)
    assert str(error.value) == (
        "feature-x: hold by bob until 2026-12-01T09:00:00Z: the demo. Nothing was changed. "
        "To destroy it anyway, first run: tee-infra feature release feature-x"
    )


def test_another_repositorys_environment_is_destroyed_from_there(context: FeatureContext) -> None:
    with pytest.raises(ForeignEnvironmentError, match="belongs to branch 'feature/x' of acme/other"):
        require_destroyable(context, record_of("feature-x", repository="acme/other"), NOW)


def test_without_a_stack_the_plan_is_what_would_be_swept_and_what_would_stay(context: FeatureContext) -> None:
    dynamodb = client(context.connection, "dynamodb")
    make_table(dynamodb, "feature-x-tee-admin", tags_of("feature-x"))
    make_table(dynamodb, "feature-x-tee-schedules", {})
    dynamodb.put_item(TableName="feature-x-tee-admin", Item={"pk": {"S": "1"}})
    plan = plan_destroy(context, record_of("feature-x"))
    assert plan.swept == ["table feature-x-tee-admin"]
    assert plan.left == {"table feature-x-tee-schedules": "it has no tee:* tags"}
    assert [(table.name, table.items) for table in plan.tables] == [
        ("feature-x-tee-admin", 1),
        ("feature-x-tee-schedules", 0),
    ]


@pytest.mark.parametrize("data", [b"", b"{", b'{"version": 3}'])
def test_what_forbids_a_destroy_forbids_its_plan(context: FeatureContext, data: bytes) -> None:
    with context.state.write(checkpoint_file("tee-infra", "feature-x")) as file:
        file.write(data)
    with pytest.raises(UnreadableStateError):
        plan_destroy(context, record_of("feature-x"))
    protected: dict[str, Any] = {"DeletionProtectionEnabled": True}
    make_table(client(context.connection, "dynamodb"), "feature-x-tee-admin", {}, **protected)
    with pytest.raises(DeletionProtectedError):
        plan_destroy(context, record_of("feature-x"))
