"""From where the open slot is followed, and who says that he could: one item each, changed under a condition."""

from datetime import timedelta

import pytest

from tee_infra.aws.control_tail import ArmChangedError, Armed, Readiness, TailItems
from tee_infra.core.unreadable import Unreadable
from tests.support.control_client import ControlClient
from tests.support.homes import NOW

ARMED = Armed(epoch=5, source="prod-v2", target="prod", position="R")
SLOTS = frozenset({"prod", "prod-v2"})


@pytest.fixture
def client() -> ControlClient:
    return ControlClient()


@pytest.fixture
def items(client: ControlClient) -> TailItems:
    return TailItems(client.control(), "prod")


def test_a_position_is_armed_taken_over_and_replaced(items: TailItems) -> None:
    assert items.armed() is None
    items.arm(ARMED)
    assert items.armed() == ARMED
    items.begin(ARMED)
    assert items.armed() == Armed(epoch=5, source="prod-v2", target="prod", position="R", begun=True)
    later = Armed(epoch=8, source="prod", target="prod-v2", position="S")
    items.arm(later)
    assert items.armed() == later
    with pytest.raises(ArmChangedError):
        items.begin(ARMED)


def test_a_switch_that_was_given_up_does_not_replace_a_later_position(items: TailItems) -> None:
    items.arm(ARMED)
    with pytest.raises(ArmChangedError):
        items.arm(Armed(epoch=4, source="prod-v2", target="prod", position="Q"))
    assert items.armed() == ARMED


def test_only_the_epoch_that_was_armed_is_disarmed(items: TailItems) -> None:
    items.disarm(5)
    items.arm(ARMED)
    items.disarm(4)
    assert items.armed() == ARMED
    items.disarm(5)
    assert items.armed() == Armed(epoch=5, source="prod-v2", target="prod")


def test_a_position_of_another_version_is_unreadable_and_a_later_switch_replaces_it(
    client: ControlClient, items: TailItems
) -> None:
    items.arm(ARMED)
    client.items["tail#prod", "armed"] |= {"epoch": {"S": "5"}}
    assert isinstance(items.armed(), Unreadable)
    items.disarm(5)
    assert isinstance(items.armed(), Unreadable)
    items.arm(ARMED)
    assert items.armed() == ARMED


def test_a_tail_says_what_keeps_it_from_following(client: ControlClient, items: TailItems) -> None:
    assert items.readiness() == (None, NOW)
    items.say("ann on laptop", SLOTS, "")
    client.sleep(timedelta(seconds=5))
    items.say("ann on laptop", SLOTS, "no access")
    said = Readiness(holder="ann on laptop", slots=SLOTS, problem="no access", said_at=NOW + timedelta(seconds=5))
    assert items.readiness() == (said, NOW + timedelta(seconds=5))
    client.items["tail#prod", "ready"] |= {"said_at": {"S": "soon"}}
    assert isinstance(items.readiness()[0], Unreadable)
