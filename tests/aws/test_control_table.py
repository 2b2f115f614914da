"""The registry and what was done, in the control table."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_table import REGISTRY, ControlTable, RecordChangedError
from tee_infra.core.lifecycle.history import HistoryEntry
from tee_infra.core.lifecycle.record import Hold
from tee_infra.core.unreadable import Unreadable
from tests.support.control_client import ControlClient
from tests.support.homes import NOW, record_of

NAME = "feature-x"
HOLD = Hold(reason="a demo", until=NOW, by="ann")


@pytest.fixture
def client() -> ControlClient:
    return ControlClient()


@pytest.fixture
def items(client: ControlClient) -> ControlItems:
    return client.control()


@pytest.fixture
def table(items: ControlItems) -> ControlTable:
    return ControlTable(items)


def entry(**fields: Any) -> HistoryEntry:
    known = {"environment": NAME, "action": "extend", "result": "done", "when": NOW, "who": "ann", "where": "laptop"}
    return HistoryEntry.model_validate(known | fields)


def test_a_record_is_read_as_it_was_written_and_counted(table: ControlTable) -> None:
    assert table.record(NAME) is None
    first = table.write(record_of(NAME, hold=HOLD))
    assert (first.version, table.record(NAME)) == (1, first)
    second = table.write(first.with_changes(hold=None))
    assert (second.version, table.record(NAME)) == (2, second)


def test_of_two_that_change_one_record_one_wins_and_the_other_is_told(table: ControlTable) -> None:
    read = table.write(record_of(NAME))
    won = table.write(read.with_changes(owner="ann"))
    with pytest.raises(RecordChangedError, match=f"tee-infra feature show {NAME}"):
        table.write(read.with_changes(owner="bob"))
    assert table.record(NAME) == won


def test_of_two_that_make_one_record_one_wins(table: ControlTable) -> None:
    won = table.write(record_of(NAME, owner="ann"))
    with pytest.raises(RecordChangedError):
        table.write(record_of(NAME, owner="bob"))
    assert table.record(NAME) == won


def test_a_write_whose_answer_was_lost_has_won(table: ControlTable, client: ControlClient) -> None:
    client.fate = "answer lost"
    first = table.write(record_of(NAME))
    client.fate = "answer lost"
    assert table.record(NAME) == first
    assert table.write(first.with_changes(owner="bob")) == table.record(NAME)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda item: item.pop("record"), "cannot be read: record: "),
        (lambda item: item["record"].pop("owner"), "cannot be read: owner: Field required"),
        (lambda item: item["record"].update(state="odd"), "cannot be read: state: "),
        (lambda item: item["record"].update(new=1), "cannot be read: new: Extra inputs"),
        (lambda item: item["record"].update(environment="feature-y"), "is of environment 'feature-y'"),
        (lambda item: item["record"].update(version=9), "it is 9, but its item has version 1"),
    ],
)
def test_a_record_that_cannot_be_read_does_not_hide_the_others(
    table: ControlTable, items: ControlItems, client: ControlClient, spoil: Callable[[Any], Any], reason: str
) -> None:
    others = {name: table.write(record_of(name)) for name in ("feature-a", "feature-z")}
    table.write(record_of(NAME))
    item, _ = items.get(REGISTRY, NAME)
    assert item is not None
    spoil(item)
    assert items.put(item, {"version": 1})

    listing = table.listing()
    broken = listing.records[NAME]
    assert isinstance(broken, Unreadable)
    assert reason in broken.reason
    assert table.record(NAME) == broken
    assert listing.records == {**others, NAME: broken}
    assert listing.asked_at == client.now


def test_what_was_done_is_told_oldest_first_and_of_its_environment_alone(table: ControlTable) -> None:
    moments = [timedelta(seconds=1), timedelta(), timedelta(microseconds=1), timedelta(days=-40)]
    for moment in moments:
        table.append(entry(when=NOW + moment, detail=str(moment)))
    table.append(entry(environment="feature-y"))
    assert [told.detail for told in table.history(NAME)] == [str(moment) for moment in sorted(moments)]


def test_two_entries_of_one_moment_are_two(table: ControlTable) -> None:
    table.append(entry())
    table.append(entry())
    assert table.history(NAME) == [entry(), entry()]


def test_an_entry_that_cannot_be_read_is_named_and_hides_no_other(table: ControlTable, items: ControlItems) -> None:
    table.append(entry())
    items.put({"pk": f"audit#{NAME}", "sk": "2027", "entry": {"who": "ann"}}, None)
    readable, broken = table.history(NAME)
    assert readable == entry()
    assert broken == Unreadable(
        reason="an entry of its history cannot be read: environment: Field required (sk '2027')"
    )
