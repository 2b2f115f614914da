"""The pointer and the journal of a switch: of two writers of one state one wins; the unreadable is not believed."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from tee_infra.aws.connection import AwsError
from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_switch import JournalMovedError, Pointers, StoredJournal, SwitchJournals
from tee_infra.core.cutover.pointer import Pointer, draining, flipped, preparing, reopened
from tee_infra.core.cutover.switch_steps import Journal
from tee_infra.core.unreadable import Unreadable
from tests.support.control_client import ControlClient
from tests.support.homes import NOW

FIRST = Journal(environment="prod", source="prod", target="prod-v2", epoch=0)
KEY = ("switch#prod", "journal")


@pytest.fixture
def client() -> ControlClient:
    return ControlClient()


@pytest.fixture
def items(client: ControlClient) -> ControlItems:
    return client.control()


def journals(items: ControlItems) -> SwitchJournals:
    found = SwitchJournals(items, "prod")
    found.read()
    return found


def test_the_first_switch_creates_the_pointer_and_each_change_follows_the_one_before(items: ControlItems) -> None:
    pointers = Pointers(items, "prod")
    first, now = pointers.read()
    assert (first, now) == (Pointer(epoch=0, state="ACTIVE", slot="prod"), NOW)
    prepared = preparing(first)
    drained = draining(prepared, NOW + timedelta(seconds=9), NOW)
    for before, after in pairwise((first, prepared, drained, flipped(drained, "prod-v2"))):
        assert pointers.write(before, after)
        assert pointers.read()[0] == after
    assert not pointers.write(first, preparing(first))
    assert pointers.read()[0] == Pointer(epoch=3, state="ACTIVE", slot="prod-v2")


@pytest.mark.parametrize("fate", ["answered", "answer lost"])
def test_a_write_whose_answer_was_lost_is_known_to_have_landed(client: ControlClient, fate: Any) -> None:
    pointers = Pointers(client.control(), "prod")
    first, _ = pointers.read()
    assert isinstance(first, Pointer)
    client.fate = fate
    assert pointers.write(first, preparing(first))


def test_a_late_flip_is_refused_after_the_old_slot_was_opened_again(client: ControlClient) -> None:
    pointers = Pointers(client.control(), "prod")
    drain = Pointer(epoch=5, state="DRAINING", slot="prod", drain_until=NOW)
    client.items["pointer#prod", "pointer"] = {
        "pk": {"S": "pointer#prod"},
        "sk": {"S": "pointer"},
        "epoch": {"N": "5"},
        "state": {"S": "DRAINING"},
        "slot": {"S": "prod"},
        "drain_until": {"S": "2026-12-01T00:00:00Z"},
    }
    client.fate = "late"
    with pytest.raises(Exception, match="put_item"):
        pointers.write(drain, flipped(drain, "prod-v2"))
    assert pointers.write(drain, reopened(drain))
    client.deliver()
    assert pointers.read()[0] == reopened(drain)


def test_the_journal_is_read_as_it_was_written_with_its_time(client: ControlClient) -> None:
    run = journals(client.control())
    run.write(journal := FIRST.at("prepare"))
    client.sleep(timedelta(hours=1))
    run.write(journal := replace(journal.at("arm"), position="R"))
    expected = StoredJournal(journal=journal, written_at=NOW + timedelta(hours=1))
    assert SwitchJournals(client.control(), "prod").read() == expected
    client.items[KEY] = client.items[KEY] | {"step": {"S": "fence"}}  # an earlier version wrote it after the flip
    left = SwitchJournals(client.control(), "prod").read()
    assert isinstance(left, StoredJournal)
    assert (left.journal.step, left.journal.ended) == ("fence", False)


def test_of_two_runs_that_begin_the_same_switch_one_is_refused(items: ControlItems) -> None:
    one, two = journals(items), journals(items)
    one.write(FIRST.at("prepare"))
    with pytest.raises(JournalMovedError):
        two.write(FIRST.at("prepare"))
    one.write(FIRST.at("prepare").at("drain"))


def test_a_run_that_was_resumed_by_another_writes_no_more(items: ControlItems) -> None:
    one = journals(items)
    one.write(journal := FIRST.at("prepare"))
    journals(items).write(journal.at("aborted"))
    with pytest.raises(JournalMovedError):
        one.write(journal.at("drain"))
    with pytest.raises(JournalMovedError):
        one.write(journal.at("drain").at("arm"))


@pytest.mark.parametrize("fate", ["late", "answered"])
def test_a_run_goes_on_after_a_write_without_an_answer(client: ControlClient, fate: Any) -> None:
    run = journals(client.control())
    run.write(journal := FIRST.at("prepare"))
    client.fate = "late"
    with pytest.raises(AwsError):
        run.write(journal := journal.at("drain"))
    if fate == "answered":
        client.deliver()
    run.write(journal := journal.at("aborted"))
    client.deliver()
    found = SwitchJournals(client.control(), "prod").read()
    assert isinstance(found, StoredJournal)
    assert found.journal == journal


@pytest.mark.parametrize(
    "change",
    [
        {"step": {"S": "later"}},
        {"version": {"N": "0"}},
        {"version": {"S": "1"}},
        {"epoch": {"N": "1.5"}},
        {"run": {"S": "x"}},
        {"position": {"N": "1"}},
        {"source": {"S": ""}},
        {"environment": {"S": "dev"}},
        {"more": {"S": "x"}},
        {"written_at": {"S": "yesterday"}},
    ],
    ids=str,
)
def test_a_journal_of_another_version_is_unreadable_and_never_overwritten(client: ControlClient, change: dict) -> None:
    run = journals(client.control())
    run.write(FIRST.at("prepare"))
    client.items[KEY] = client.items[KEY] | change
    next_run = SwitchJournals(client.control(), "prod")
    assert isinstance(next_run.read(), Unreadable)
    with pytest.raises(JournalMovedError):
        next_run.write(FIRST.at("prepare"))
