"""What commands do about a state that says nothing certain: each of them says so, and none fails otherwise."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import pytest

from tee_infra.core.environments import parse_environment
from tee_infra.core.pulumi_state.checkpoint import Checkpoint
from tee_infra.core.pulumi_state.files import backups_folder, checkpoint_file
from tee_infra.core.unreadable import Unreadable
from tee_infra.stacks import Stack
from tee_infra.workflows.cleanup.inventory import gather_inventory, look_closer
from tee_infra.workflows.features.admission import BrokenStateError, read_state
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.destroy_steps import UnreadableStateError
from tee_infra.workflows.features.destroy_steps import read_state as state_to_destroy
from tee_infra.workflows.features.list import show_feature
from tee_infra.workflows.features.plan_destroy import plan_destroy
from tee_infra.workflows.repair.diagnose import diagnose
from tee_infra.workflows.repair.repair import settled
from tee_infra.workflows.repair.subject import RepairSubject
from tee_infra.workflows.session.checkout import NAME as PROJECT
from tee_infra.workflows.session.engine_state import load_checkpoint
from tee_infra.workflows.session.stack_session import StackSession
from tests.support.emulator import reset
from tests.support.homes import NOW, moto_context, record_of

NAME = "feature-x"
URN = "urn:pulumi:x::tee-infra::aws:sns/topic:Topic::alarms"
TOPIC = {"urn": URN, "type": "aws:sns/topic:Topic", "custom": True}


def latest(**members: Any) -> bytes:
    return json.dumps({"version": 3, "checkpoint": {"latest": members}}).encode()


WHOLE = latest(resources=[TOPIC])
HOSTILE = {
    "empty": b"",
    "truncated": WHOLE[:-5],
    "null": b"null",
    "wrong types": latest(resources=[TOPIC | {"urn": 7}]),
    "huge": b"[" * 1_000_000,
    "unknown version": b'{"version": 99, "checkpoint": {}}',
}


@pytest.fixture
def context(moto_endpoint: str, tmp_path: Path) -> FeatureContext:
    reset(moto_endpoint)
    return moto_context(moto_endpoint, tmp_path, [])


@pytest.fixture
def subject(context: FeatureContext) -> RepairSubject:
    record = record_of(NAME)
    opened = StackSession(
        environment=parse_environment(NAME),
        settings=context.settings(record),
        target=context.target,
        connection=context.connection,
        stack=create_autospec(Stack, instance=True),
        report=context.report,
    )
    return RepairSubject(opened=opened, now=NOW, state=context.state, context=context, record=record)


def leave(context: FeatureContext, data: bytes, name: str = checkpoint_file(PROJECT, NAME)) -> None:
    with context.state.write(name) as file:
        file.write(data)


def decide(context: FeatureContext) -> None:
    with pytest.raises(BrokenStateError, match=r"its state cannot be read \(.*Nothing was changed"):
        read_state(context, NAME)


def destroy(context: FeatureContext) -> None:
    with pytest.raises(UnreadableStateError, match=r"its state cannot be read \(.*Nothing was deleted"):
        state_to_destroy(context, parse_environment(NAME))


def plan(context: FeatureContext) -> None:
    with pytest.raises(UnreadableStateError):
        plan_destroy(context, record_of(NAME))


def show(context: FeatureContext) -> None:
    context.control.write(record_of(NAME))
    assert show_feature(context, NAME).outputs == {}


def clean_up(context: FeatureContext) -> None:
    (found,) = look_closer(context, gather_inventory(context, None, NOW), {NAME}).entries
    assert isinstance(found.checkpoint, Unreadable)


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("command", [decide, destroy, plan, show, clean_up])
def test_a_state_that_cannot_be_read_is_said_to_be_so(
    context: FeatureContext, data: bytes, command: Callable[..., None]
) -> None:
    leave(context, data)
    command(context)


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_repair_finds_a_broken_state_and_passes_over_broken_backups(
    context: FeatureContext, subject: RepairSubject, data: bytes
) -> None:
    leave(context, data)
    folder = backups_folder(PROJECT, NAME)
    leave(context, WHOLE, f"{folder}/{NAME}.1.json")
    leave(context, data, f"{folder}/{NAME}.2.json")
    (finding,) = diagnose(subject)
    assert (finding.kind, finding.mends) == ("state", True)
    assert f"{folder}/{NAME}.1.json" in finding.cure


def test_a_file_that_the_system_refuses_to_read_says_nothing_certain(context: FeatureContext) -> None:
    Path(context.state.location, checkpoint_file(PROJECT, NAME)).mkdir(parents=True)
    assert load_checkpoint(context.state, NAME) == Unreadable(reason="its state cannot be read (Is a directory)")


def test_a_stack_that_is_not_there_has_no_state(context: FeatureContext, subject: RepairSubject) -> None:
    assert load_checkpoint(context.state, NAME) is None
    assert read_state(context, NAME) is None
    assert settled(subject) is None


def test_a_state_that_can_be_read_is_the_same_to_everybody(context: FeatureContext, subject: RepairSubject) -> None:
    leave(context, WHOLE)
    expected = Checkpoint(resources=1)
    assert context.checkpoint(NAME) == subject.checkpoint() == read_state(context, NAME) == expected
    (found,) = look_closer(context, gather_inventory(context, None, NOW), {NAME}).entries
    assert found.checkpoint == expected
