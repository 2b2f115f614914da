"""What a destroy does around the engine: on moto, without stacks. `tests/e2e/test_cleanup_faults.py` has the rest."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tee_infra.aws.connection import AwsError
from tee_infra.aws.control_table import RecordChangedError
from tee_infra.aws.leftovers import Leftovers
from tee_infra.core.environments import parse_environment
from tee_infra.core.lifecycle.lock import Lock, LockLostError
from tee_infra.core.lifecycle.record import MAX_FAILURES, Record
from tee_infra.core.pulumi_state.files import checkpoint_file
from tee_infra.workflows.control.environment_lock import Held, locked
from tee_infra.workflows.features.context import Home
from tee_infra.workflows.features.destroy import Destroyed, destroy_feature
from tee_infra.workflows.features.destroy_steps import (
    DeletionProtectedError,
    LeftoversError,
    UnreadableStateError,
    Work,
    back_up,
)
from tests.emulator import reset
from tests.workflows.homes import NOW, client, make_table, moto_home, record_of, tags_of

NAME = "feature-x"
TABLE = "feature-x-tee-admin"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def home(moto_endpoint: str, tmp_path: Path, said: list[str]) -> Home:
    reset(moto_endpoint)
    return moto_home(moto_endpoint, tmp_path, said)


@pytest.fixture
def dynamodb(home: Home) -> Any:
    return client(home.connection, "dynamodb")


def test_without_a_stack_what_is_certainly_its_own_is_swept_and_reported(
    home: Home, dynamodb: Any, said: list[str]
) -> None:
    make_table(dynamodb, TABLE, tags_of(NAME))
    make_table(dynamodb, "feature-x-tee-admin-2", tags_of(NAME))  # a look-alike
    done = destroy(home, register(home))
    assert done.swept == (f"table {TABLE}",)
    assert tables(dynamodb) == ["feature-x-tee-admin-2", "tee-control"]
    assert (done.record.state, done.record.destroyed_at) == ("destroyed", NOW)
    assert home.control.record(NAME) == done.record
    assert f"{NAME}: swept table {TABLE}, which its stack had left behind" in said
    begun, ended = home.control.history(NAME)
    assert (begun.result, ended.result) == ("begun", "done")
    assert ended.detail == f"the engine deleted 0; swept table {TABLE}"


def test_what_may_be_somebody_elses_is_left_and_the_destroy_has_failed(home: Home, dynamodb: Any) -> None:
    make_table(dynamodb, TABLE, {})
    make_table(dynamodb, "feature-x-tee-schedules", tags_of(NAME))
    with pytest.raises(LeftoversError, match=f"table {TABLE}: it has no tags of ours") as error:
        destroy(home, register(home))
    assert list(error.value.left) == [f"table {TABLE}"]
    assert tables(dynamodb) == [TABLE, "tee-control"]
    failed = read(home)
    assert (failed.state, failed.failures, failed.retry_at) == ("destroying", 1, NOW + timedelta(minutes=30))
    assert "no tags of ours" in failed.problem
    assert home.control.history(NAME)[-1].result == "failed"


def test_what_is_there_again_after_it_was_swept_is_not_called_gone(home: Home, dynamodb: Any) -> None:
    make_table(dynamodb, TABLE, tags_of(NAME))

    def make_again(line: str) -> None:
        if f"swept table {TABLE}" in line:
            make_table(dynamodb, TABLE, tags_of(NAME))

    with pytest.raises(LeftoversError, match=f"table {TABLE}: it was deleted, and is there again"):
        destroy(replace(home, report=make_again), register(home))
    assert read(home).state == "destroying"


def test_the_fifth_failure_is_quarantine_and_said_loudly(home: Home, dynamodb: Any, said: list[str]) -> None:
    make_table(dynamodb, TABLE, {})
    register(home)
    for failures in range(MAX_FAILURES):
        assert not any("QUARANTINED" in line for line in said), failures
        with pytest.raises(LeftoversError):
            destroy(home, read(home))
    assert (read(home).state, read(home).failures) == ("quarantined", MAX_FAILURES)
    assert f"QUARANTINED: {MAX_FAILURES} destroys in a row have failed" in said[-1]

    dynamodb.delete_table(TableName=TABLE)
    assert destroy(home, read(home)).record.failures == 0


@pytest.mark.parametrize("state", ["active", "marked", "destroyed"])
def test_deletion_protection_left_on_is_refused_before_anything_is_deleted(
    home: Home, dynamodb: Any, state: str
) -> None:
    make_table(dynamodb, TABLE, tags_of(NAME), DeletionProtectionEnabled=True)
    make_table(dynamodb, "feature-x-tee-schedules", tags_of(NAME))
    with pytest.raises(DeletionProtectedError, match=f"--no-deletion-protection-enabled --table-name {TABLE}"):
        destroy(home, register(home, state=state))
    assert tables(dynamodb) == [TABLE, "feature-x-tee-schedules", "tee-control"]
    assert dynamodb.describe_table(TableName=TABLE)["Table"]["DeletionProtectionEnabled"]
    assert (read(home).state, read(home).failures) == (state, 0)
    assert home.control.history(NAME)[-1].result == "refused"


def test_a_checkpoint_that_cannot_be_read_stops_everything(home: Home, dynamodb: Any) -> None:
    make_table(dynamodb, TABLE, tags_of(NAME))
    with home.state.write(checkpoint_file("tee-infra", NAME)) as file:
        file.write(b'{"version": 3, "checkpoint": {"latest": {"resou')
    with pytest.raises(UnreadableStateError, match=r"nothing was deleted\. Mend it: tee-infra repair feature-x"):
        destroy(home, register(home))
    assert TABLE in tables(dynamodb)
    assert read(home).state == "active"


def test_the_copy_of_a_state_is_the_first_of_its_moment(home: Home) -> None:
    """A second run finds less in the stack than the first one did."""
    lock = Held(home.locks, home.locks.acquire(NAME, "ann", "destroy"))
    work = Work(
        home=home,
        record=record_of(NAME),
        environment=parse_environment(NAME),
        leftovers=Leftovers.connect(home.connection, "tee-infra"),
        held=lock,
        now=NOW,
    )
    whole, less = (b'{"checkpoint": {"latest": {"resources": %s}}}' % resources for resources in (b"[]", b"null"))
    for data in (whole, less):
        with home.state.write(checkpoint_file("tee-infra", NAME)) as file:
            file.write(data)
        assert back_up(work) is not None
    with home.state.read("destroyed/feature-x/20261201T000000Z.json") as file:
        assert file.read() == whole
    lock.give_back()


def test_who_wrote_the_record_since_it_was_read_wins(home: Home, dynamodb: Any) -> None:
    make_table(dynamodb, TABLE, tags_of(NAME))
    read_before = register(home)
    home.control.write(read_before.active(NOW))
    with pytest.raises(RecordChangedError):
        destroy(home, read_before)
    assert TABLE in tables(dynamodb)


def test_a_late_writer_with_an_old_record_cannot_revive_a_tombstone(home: Home) -> None:
    before = register(home)
    destroy(home, before)
    with pytest.raises(RecordChangedError):
        home.control.write(before.active(NOW))
    assert read(home).state == "destroyed"


@pytest.mark.parametrize("steps", range(6))
def test_once_the_lock_is_lost_nothing_more_is_deleted(home: Home, dynamodb: Any, steps: int) -> None:
    """Five steps come before the first deletion."""
    make_table(dynamodb, TABLE, tags_of(NAME))
    record = register(home)
    lock = home.locks.acquire(NAME, "ann", "destroy")
    with pytest.raises(LockLostError):
        destroy_feature(home, record, NOW, held=LostAfter(steps, home, lock))
    assert (TABLE in tables(dynamodb)) == (steps < 5)
    assert (read(home).state, read(home).failures) == ("destroying", 0)  # the next holder goes on from here
    assert destroy(home, read(home)).record.state == "destroyed"


def test_a_call_that_aws_refuses_counts_as_a_failure(home: Home) -> None:
    iam = client(home.connection, "iam")
    tags = [{"Key": key, "Value": value} for key, value in tags_of(NAME).items()]
    iam.create_role(RoleName="feature-x-tee-app", Path="/tee/feature-x/", AssumeRolePolicyDocument="{}", Tags=tags)
    iam.create_instance_profile(InstanceProfileName="somebodys")
    iam.add_role_to_instance_profile(InstanceProfileName="somebodys", RoleName="feature-x-tee-app")
    with pytest.raises(AwsError, match="deleting role feature-x-tee-app"):
        destroy(home, register(home))
    assert read(home).failures == 1


class LostAfter(Held):
    """A lock that is lost after so many checks."""

    def __init__(self, checks: int, home: Home, lock: Lock) -> None:
        super().__init__(home.locks, lock)
        self._checks, self._held = checks, lock

    def check(self) -> None:
        if not self._checks:
            raise LockLostError(self._held)
        self._checks -= 1


def register(home: Home, **fields: Any) -> Record:
    return home.control.write(record_of(NAME, **fields))


def read(home: Home) -> Record:
    record = home.control.record(NAME)
    assert isinstance(record, Record)
    return record


def destroy(home: Home, record: Record) -> Destroyed:
    with locked(home.locks, "the test's", home.actor, "destroy") as held:
        return destroy_feature(home, record, NOW, held=held)


def tables(dynamodb: Any) -> list[str]:
    return sorted(dynamodb.list_tables()["TableNames"])
