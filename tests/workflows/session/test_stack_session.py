"""The lock on an environment's stack, accounts that have none, and what its state says. The engine is not asked."""

import json
from dataclasses import replace

import pytest

from tee_infra.aws.control_store import NoControlTableError
from tee_infra.core import names
from tee_infra.core.lifecycle.lock import LockedError
from tee_infra.core.pulumi_state.files import checkpoint_file
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.session.checkout import NAME
from tests.support.homes import client, record_of

RECORD = record_of("feature-x")


def test_the_lock_is_held_during_the_block_and_names_the_command(context: FeatureContext, said: list[str]) -> None:
    with context.open(RECORD) as opened:
        with opened.lock("tee-infra up") as check:
            check()
            assert context.locks.live()["feature-x"].purpose == "tee-infra up"
            with pytest.raises(LockedError, match=r"\(tee-infra up, for "), opened.lock("tee-infra down"):
                pytest.fail("both are in")
        assert context.locks.live() == {}
    assert said == []


def test_an_account_without_control_table_has_no_lock_and_is_told_how_to_get_one(
    context: FeatureContext, said: list[str]
) -> None:
    client(context.connection, "dynamodb").delete_table(TableName=names.CONTROL_TABLE)
    with context.open(RECORD) as opened, opened.lock("tee-infra up") as check:
        check()
    (line,) = said
    assert "not bootstrapped, so only the engine's stack lock prevents concurrent runs" in line
    assert line.endswith("Run once: tee-infra bootstrap feature-x")


def test_an_error_in_the_block_is_not_taken_for_a_missing_lock(context: FeatureContext, said: list[str]) -> None:
    with context.open(RECORD) as opened, pytest.raises(NoControlTableError), opened.lock("tee-infra up"):
        raise NoControlTableError("AWS")
    assert context.locks.live() == {}
    assert said == []


OPEN = {
    "resource": {"urn": "urn:pulumi:x::tee-infra::t::data-tee-admin", "custom": True, "type": "t"},
    "type": "creating",
}


@pytest.mark.parametrize(
    ("state", "may_be"),
    [
        ({"latest": {"resources": []}}, False),
        ({}, False),
        ({"latest": {"resources": [], "pending_operations": [OPEN]}}, True),
        ({"latest": {"resources": 7}}, True),
        (None, True),
    ],
)
def test_only_a_state_that_can_be_read_says_that_nothing_was_left_open(
    context: FeatureContext, state: dict | None, may_be: bool
) -> None:
    if state is not None:
        with context.state.write(checkpoint_file(NAME, "feature-x")) as file:
            file.write(json.dumps({"version": 3, "checkpoint": state}).encode())
    with context.open(RECORD) as opened:
        assert opened.may_be_left_open() is may_be
        assert opened.is_missing() is (state is None)
        assert replace(opened, state=None).may_be_left_open()
        assert not replace(opened, state=None).is_missing()
