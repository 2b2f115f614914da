"""The journal is written while the lock is held, and never after another run has it."""

from collections.abc import Iterator

import pytest

from tee_infra.aws.control_locks import Locks
from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.cutover.requests import Answer, Done
from tee_infra.core.lifecycle.actor import Actor
from tee_infra.core.lifecycle.lock import LockLostError
from tee_infra.workflows.control.environment_lock import LockHandle, locked
from tee_infra.workflows.cutover.journal_writer import JournalWriter
from tests.support.homes import Moto, make_control_table


@pytest.fixture
def control(dynamodb: DynamoDb) -> ControlItems:
    connection = Moto(endpoint=dynamodb.endpoint)
    make_control_table(connection)
    return ControlItems.connect(connection)


@pytest.fixture
def held(control: ControlItems) -> Iterator[LockHandle]:
    with locked(Locks(control), "replication into prod-v2", Actor(who="ann", where="laptop"), "migrate") as lock:
        yield lock


def item(number: int, value: int = 0) -> dict:
    return {"pk": "journal", "sk": f"{number:04}", "value": value}


def test_what_waits_is_written_in_order_however_much_it_is(control: ControlItems, held: LockHandle) -> None:
    writer, answers = JournalWriter(control, held), list[Answer | Exception]()
    for number in range(250):
        writer.write([item(number), item(1000, number)], answers.append)
    assert writer.write_now([item(2000)]) == Done()
    assert answers == [Done()] * 250
    items, _ = control.collection("journal")
    assert len(items) == 252
    assert items[250] == item(1000, 249)
    writer.close()


def test_nothing_is_written_once_another_run_has_the_lock(control: ControlItems, held: LockHandle) -> None:
    writer = JournalWriter(control, held)
    writer.write_now([item(1)])
    locks = Locks(control)
    locks.release(held.lock)
    other = locks.acquire("replication into prod-v2", "somebody else", "migrate")
    with pytest.raises(LockLostError):
        writer.write_now([item(2)])
    assert [each["sk"] for each in control.collection("journal")[0]] == ["0001"]
    locks.release(other)
    writer.close()
