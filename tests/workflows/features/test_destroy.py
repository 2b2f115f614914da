"""What a destroy does around the engine: on moto, without stacks. `tests/e2e/test_cleanup_faults.py` has the rest."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tee_infra.aws.connection import AwsError
from tee_infra.aws.control_table import RecordChangedError
from tee_infra.aws.leftovers import Leftovers
from tee_infra.core.environments import parse_environment
from tee_infra.core.lifecycle.lock import Lock, LockLostError
from tee_infra.core.lifecycle.record import MAX_FAILURES, FeatureRecord
from tee_infra.core.pulumi_state.files import checkpoint_file
from tee_infra.workflows.control.environment_lock import LockHandle, locked
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.destroy import Destroyed, destroy_feature
from tee_infra.workflows.features.destroy_steps import (
    DeletionProtectedError,
    Destruction,
    LeftoversError,
    UnreadableStateError,
    back_up,
)
from tests.support.homes import NOW, client, make_table, record_of, tags_of

NAME = "feature-x"
TABLE = "feature-x-tee-admin"


@pytest.fixture
def dynamodb(context: FeatureContext) -> Any:
    return client(context.connection, "dynamodb")


def test_without_a_stack_what_is_certainly_its_own_is_swept_and_reported(
    context: FeatureContext, dynamodb: Any, said: list[str]
) -> None:
    make_table(dynamodb, TABLE, tags_of(NAME))
    make_table(dynamodb, "feature-x-tee-admin-2", tags_of(NAME))  # a look-alike
    done = destroy(context, register(context))
    assert done.swept == (f"table {TABLE}",)
    assert tables(dynamodb) == ["feature-x-tee-admin-2", "tee-control"]
    assert (done.record.state, done.record.destroyed_at) == ("destroyed", NOW)
    assert context.control.record(NAME) == done.record
    assert f"{NAME}: deleted the leftover table {TABLE}" in said
    begun, ended = context.control.history(NAME)
    assert (begun.result, ended.result) == ("begun", "done")
    assert ended.detail == f"the engine deleted 0; deleted leftover table {TABLE}"


def test_what_may_be_somebody_elses_is_left_and_the_destroy_has_failed(context: FeatureContext, dynamodb: Any) -> None:
    make_table(dynamodb, TABLE, {})
    make_table(dynamodb, "feature-x-tee-schedules", tags_of(NAME))
    with pytest.raises(LeftoversError, match=f"table {TABLE}: it has no tee:\\* tags") as error:
        destroy(context, register(context))
    assert list(error.value.left) == [f"table {TABLE}"]
    assert tables(dynamodb) == [TABLE, "tee-control"]
    failed = read(context)
    assert (failed.state, failed.failures, failed.retry_at) == ("destroying", 1, NOW + timedelta(minutes=30))
    assert "no tee:* tags" in failed.problem
    assert context.control.history(NAME)[-1].result == "failed"


def test_what_is_there_again_after_it_was_swept_is_not_called_gone(context: FeatureContext, dynamodb: Any) -> None:
    make_table(dynamodb, TABLE, tags_of(NAME))

    def make_again(line: str) -> None:
        if f"deleted the leftover table {TABLE}" in line:
            make_table(dynamodb, TABLE, tags_of(NAME))

    with pytest.raises(LeftoversError, match=f"table {TABLE}: deleted, but it exists again"):
        destroy(replace(context, report=make_again), register(context))
    assert read(context).state == "destroying"


def test_the_fifth_failure_is_quarantine_and_said_loudly(
    context: FeatureContext, dynamodb: Any, said: list[str]
) -> None:
    make_table(dynamodb, TABLE, {})
    register(context)
    for failures in range(MAX_FAILURES):
        assert not any("QUARANTINED" in line for line in said), failures
        with pytest.raises(LeftoversError):
            destroy(context, read(context))
    assert (read(context).state, read(context).failures) == ("quarantined", MAX_FAILURES)
    assert f"QUARANTINED after {MAX_FAILURES} failed destroys" in said[-1]

    dynamodb.delete_table(TableName=TABLE)
    assert destroy(context, read(context)).record.failures == 0


@pytest.mark.parametrize("state", ["active", "marked", "destroyed"])
def test_deletion_protection_left_on_is_refused_before_anything_is_deleted(
    context: FeatureContext, dynamodb: Any, state: str
) -> None:
    make_table(dynamodb, TABLE, tags_of(NAME), DeletionProtectionEnabled=True)
    make_table(dynamodb, "feature-x-tee-schedules", tags_of(NAME))
    with pytest.raises(DeletionProtectedError, match="tee-infra feature hold feature-"):
        destroy(context, register(context, state=state, destroyed_at=NOW if state == "destroyed" else None))
    assert tables(dynamodb) == [TABLE, "feature-x-tee-schedules", "tee-control"]
    assert dynamodb.describe_table(TableName=TABLE)["Table"]["DeletionProtectionEnabled"]
    assert (read(context).state, read(context).failures) == (state, 0)
    assert context.control.history(NAME)[-1].result == "refused"


def test_a_checkpoint_that_cannot_be_read_stops_everything(context: FeatureContext, dynamodb: Any) -> None:
    make_table(dynamodb, TABLE, tags_of(NAME))
    with context.state.write(checkpoint_file("tee-infra", NAME)) as file:
        file.write(b'{"version": 3, "checkpoint": {"latest": {"resou')
    with pytest.raises(UnreadableStateError, match=r"Nothing was deleted\. To repair it: tee-infra repair feature-x"):
        destroy(context, register(context))
    assert TABLE in tables(dynamodb)
    assert read(context).state == "active"


def test_the_copy_of_a_state_is_the_first_of_its_moment(context: FeatureContext) -> None:
    """A second run finds less in the stack than the first one did."""
    whole, less = (b'{"checkpoint": {"latest": {"resources": %s}}}' % resources for resources in (b"[]", b"null"))
    with locked(context.locks, NAME, context.actor, "destroy") as held:
        work = Destruction(
            context=context,
            record=record_of(NAME),
            environment=parse_environment(NAME),
            leftovers=Leftovers.connect(context.connection, "tee-infra"),
            held=held,
            now=NOW,
        )
        for data in (whole, less):
            with context.state.write(checkpoint_file("tee-infra", NAME)) as file:
                file.write(data)
            assert back_up(work) is not None
    with context.state.read("destroyed/feature-x/20261201T000000Z.json") as file:
        assert file.read() == whole


def test_who_wrote_the_record_since_it_was_read_wins(context: FeatureContext, dynamodb: Any) -> None:
    make_table(dynamodb, TABLE, tags_of(NAME))
    read_before = register(context)
    context.control.write(read_before.active(NOW))
    with pytest.raises(RecordChangedError):
        destroy(context, read_before)
    assert TABLE in tables(dynamodb)


def test_a_late_writer_with_an_old_record_cannot_revive_a_tombstone(context: FeatureContext) -> None:
    before = register(context)
    destroy(context, before)
    with pytest.raises(RecordChangedError):
        context.control.write(before.active(NOW))
    assert read(context).state == "destroyed"


@pytest.mark.parametrize("steps", range(6))
def test_once_the_lock_is_lost_nothing_more_is_deleted(context: FeatureContext, dynamodb: Any, steps: int) -> None:
    """Five steps come before the first deletion."""
    make_table(dynamodb, TABLE, tags_of(NAME))
    record = register(context)
    held = LostAfter(steps, context, context.locks.acquire(NAME, "ann", "destroy"))
    with pytest.raises(LockLostError):
        destroy_feature(context, record, NOW, held=held)
    held.release()
    assert (TABLE in tables(dynamodb)) == (steps < 5)
    assert (read(context).state, read(context).failures) == ("destroying", 0)  # the next holder goes on from here
    assert destroy(context, read(context)).record.state == "destroyed"


def test_a_call_that_aws_refuses_counts_as_a_failure(context: FeatureContext) -> None:
    iam = client(context.connection, "iam")
    tags = [{"Key": key, "Value": value} for key, value in tags_of(NAME).items()]
    iam.create_role(RoleName="feature-x-tee-app", Path="/tee/feature-x/", AssumeRolePolicyDocument="{}", Tags=tags)
    iam.create_instance_profile(InstanceProfileName="somebodys")
    iam.add_role_to_instance_profile(InstanceProfileName="somebodys", RoleName="feature-x-tee-app")
    with pytest.raises(AwsError, match="deleting role feature-x-tee-app"):
        destroy(context, register(context))
    assert read(context).failures == 1


class LostAfter(LockHandle):
    """A lock that is lost after so many checks."""

    def __init__(self, checks: int, context: FeatureContext, lock: Lock) -> None:
        super().__init__(context.locks, lock)
        self._checks, self._held = checks, lock

    def check(self) -> None:
        if not self._checks:
            raise LockLostError(self._held)
        self._checks -= 1


def register(context: FeatureContext, **fields: Any) -> FeatureRecord:
    return context.control.write(record_of(NAME, **fields))


def read(context: FeatureContext) -> FeatureRecord:
    record = context.control.record(NAME)
    assert isinstance(record, FeatureRecord)
    return record


def destroy(context: FeatureContext, record: FeatureRecord) -> Destroyed:
    with locked(context.locks, "the test's", context.actor, "destroy") as held:
        return destroy_feature(context, record, NOW, held=held)


def tables(dynamodb: Any) -> list[str]:
    return sorted(dynamodb.list_tables()["TableNames"])
