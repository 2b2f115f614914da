"""The client against a moving pointer, a pointer that cannot be read, and clocks that differ."""

import time
from collections.abc import Callable, Iterator
from threading import Thread
from types import SimpleNamespace

import pytest

from tee_infra.client import PointerUnreadableError, SlotTables, WritesHeldError, WriteUncertainError
from tee_infra.client import pointer_item as pointer_item_module
from tee_infra.core.cutover.pointer import Pointer, pointer_item
from tee_infra.core.environments import PERMANENT
from tests.client.control import Control
from tests.support.emulator import reset
from tests.support.homes import Moto, make_control_table

TABLE = "tee-admin"


@pytest.fixture
def control(moto_endpoint: str) -> Control:
    reset(moto_endpoint)
    account = Moto(endpoint=moto_endpoint)
    make_control_table(account)
    return Control(account)


@pytest.fixture
def tables(control: Control) -> Iterator[SlotTables]:
    tables = SlotTables("prod", client=control.client, clock=control.clock)
    yield tables
    tables.close()


def write(tables: SlotTables, timeout: float = 0) -> str:
    with tables.writing(TABLE, timeout=timeout) as name:
        return name


def write_slowly(tables: SlotTables, during: Callable[[str], object], timeout: float = 5) -> None:
    """A block that lasts as long as `during`, which has the table's name."""
    with tables.writing(TABLE, timeout=timeout) as name:
        during(name)


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_held(tables: SlotTables) -> bool:
    try:
        write(tables)
    except WritesHeldError:
        return True
    return False


def test_reads_and_writes_follow_the_pointer(control: Control, tables: SlotTables) -> None:
    control.set("PREPARING", 1)
    assert (tables.name(TABLE), write(tables, 1)) == ("prod-tee-admin", "prod-tee-admin")
    control.set("DRAINING", 2)
    eventually(lambda: is_held(tables))
    assert tables.name(TABLE) == "prod-tee-admin"
    control.set("ACTIVE", 3, "prod-v2")
    assert write(tables, 5) == "prod-v2-tee-admin"
    assert tables.name(TABLE) == "prod-v2-tee-admin"


def test_the_legacy_slot_has_bare_names(control: Control, tables: SlotTables) -> None:
    control.set("ACTIVE", 1, "legacy")
    assert (tables.name(TABLE), write(tables)) == (TABLE, TABLE)


def test_held_writes_are_refused_after_the_timeout_and_the_error_has_the_state(
    control: Control, tables: SlotTables
) -> None:
    control.set("DRAINING", 7)
    started = time.monotonic()
    with pytest.raises(WritesHeldError, match="DRAINING at epoch 7"):
        write(tables, 0.3)
    assert 0.3 <= time.monotonic() - started < 2


def test_a_lease_ends_with_the_clock_and_not_before(control: Control, tables: SlotTables) -> None:
    control.set("ACTIVE", 1)
    write(tables, 5)
    control.cut_off = True
    control.time += 4.99
    write(tables)
    control.time += 0.02
    with pytest.raises(WritesHeldError):
        write(tables)
    assert tables.name(TABLE) == "prod-tee-admin"
    control.cut_off = False
    assert write(tables, 5) == "prod-tee-admin"


def test_the_lease_is_short_while_a_switch_prepares(control: Control, tables: SlotTables) -> None:
    control.set("PREPARING", 1)
    write(tables, 5)
    control.cut_off = True
    control.time += 0.51
    assert is_held(tables)


def test_a_slow_read_counts_from_before_it_was_sent(control: Control, tables: SlotTables) -> None:
    """The pointer may have changed right after it was read, long before the answer arrived."""
    control.set("ACTIVE", 1)

    def slow(**_: object) -> None:
        control.time += 6

    control.client.meta.events.register("before-send.dynamodb", slow)
    assert tables.name(TABLE) == "prod-tee-admin"
    assert is_held(tables)


@pytest.mark.parametrize(
    "change", [{"state": "PAUSED"}, {"slot": "v2"}, {"weights": 1}, {"drain_until": "soon"}], ids=str
)
def test_a_pointer_of_a_later_version_holds_writes_at_once_and_reads_stay(
    control: Control, tables: SlotTables, change: dict
) -> None:
    control.set("PREPARING", 1)
    write(tables, 5)
    control.write(pointer_item(Pointer(epoch=2, state="PREPARING", slot="prod"), "prod") | change)
    eventually(lambda: is_held(tables))
    with pytest.raises(WritesHeldError, match="cannot be read"):
        write(tables)
    assert tables.name(TABLE) == "prod-tee-admin"
    control.set("ACTIVE", 3, "prod-v2")
    assert write(tables, 5) == "prod-v2-tee-admin"


def test_a_pointer_that_was_never_read_names_no_table(control: Control, tables: SlotTables) -> None:
    control.cut_off = True
    with pytest.raises(PointerUnreadableError, match="ConnectTimeoutError"):
        tables.name(TABLE)
    with pytest.raises(WritesHeldError):
        write(tables)


def test_an_expired_drain_is_ended_by_a_client_and_its_flip_is_refused(control: Control, tables: SlotTables) -> None:
    control.set("DRAINING", 8, drain_for=-1)
    assert write(tables, 5) == "prod-tee-admin"
    assert control.pointer() == Pointer(epoch=9, state="ACTIVE", slot="prod")
    late = pointer_item(Pointer(epoch=9, state="ACTIVE", slot="prod-v2"), "prod")
    assert not control.items.put(late, {"epoch": 8})


def test_a_drain_with_a_wrong_end_is_ended_after_it_was_watched_for_the_longest(
    control: Control, tables: SlotTables
) -> None:
    control.set("DRAINING", 8, drain_for=10**6)
    assert is_held(tables)
    eventually(lambda: len(control.asked) > 1)
    assert control.pointer().state == "DRAINING"
    control.time += 30
    assert write(tables, 5) == "prod-tee-admin"
    assert control.pointer().epoch == 9


@pytest.mark.parametrize("skew", [-3600, 3600])
def test_no_clock_of_this_machine_ends_a_drain(
    control: Control, tables: SlotTables, skew: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pointer_item_module, "time", SimpleNamespace(time=lambda: time.time() + skew))
    control.set("DRAINING", 8)
    assert is_held(tables)
    eventually(lambda: len(control.asked) > 2)
    assert "UpdateItem" not in control.asked


def test_a_request_in_the_block_is_not_sent_after_the_switch(control: Control, tables: SlotTables) -> None:
    control.set("PREPARING", 1)

    def send_after_the_switch(name: str) -> None:
        control.set("ACTIVE", 2, "prod-v2")
        control.time += 1
        with pytest.raises(WritesHeldError, match="prod-v2"):
            write(tables, 5)
        control.client.put_item(TableName=name, Item={"pk": {"S": "a"}})

    with pytest.raises(WritesHeldError, match="prod-v2"):
        write_slowly(tables, send_after_the_switch)
    assert control.asked.count("PutItem") == 1  # an attempt that was not sent, and not repeated


def test_an_answer_that_comes_after_the_switch_is_no_acknowledgement(control: Control, tables: SlotTables) -> None:
    """The request was sent in time, and was on its way for longer than any operator allows for."""
    control.set("PREPARING", 1)

    def switch(_: str) -> None:
        control.set("ACTIVE", 2, "prod-v2")
        control.time += 1

    with pytest.raises(WriteUncertainError, match="prod-v2"):
        write_slowly(tables, switch)


def test_an_answer_that_comes_late_counts_where_the_slot_stayed_open(control: Control, tables: SlotTables) -> None:
    control.set("ACTIVE", 1)

    def abort_a_switch(_: str) -> None:
        control.set("PREPARING", 2)
        control.set("DRAINING", 3, drain_for=-1)
        control.time += 6

    write_slowly(tables, abort_a_switch)
    assert control.pointer().epoch == 4


def test_a_switch_and_its_rollback_do_not_look_like_an_open_slot(control: Control, tables: SlotTables) -> None:
    control.set("ACTIVE", 1)

    def switch_and_roll_back(_: str) -> None:
        control.set("ACTIVE", 7)
        control.time += 6

    with pytest.raises(WriteUncertainError):
        write_slowly(tables, switch_and_roll_back)


def test_an_answer_without_a_readable_pointer_is_no_acknowledgement(control: Control, tables: SlotTables) -> None:
    control.set("ACTIVE", 1)
    tables.name(TABLE)

    def lose_the_pointer(_: str) -> None:
        control.cut_off = True
        control.time += 6

    with pytest.raises(WriteUncertainError):
        write_slowly(tables, lose_the_pointer, timeout=0.1)


def test_a_request_in_the_block_waits_for_a_fresh_lease(control: Control, tables: SlotTables) -> None:
    control.set("PREPARING", 1)
    control.client.create_table(
        TableName="prod-tee-admin",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    with tables.writing(TABLE, timeout=5) as name:
        control.time += 1
        control.client.put_item(TableName=name, Item={"pk": {"S": "a"}})
    assert control.client.scan(TableName=name)["Count"] == 1


@pytest.mark.parametrize("environment", ["dev", "feature-x", "test"])
@pytest.mark.parametrize("has_table", [True, False])
def test_without_a_pointer_the_first_look_is_the_last(
    control: Control, moto_endpoint: str, environment: str, has_table: bool
) -> None:
    if not has_table:
        reset(moto_endpoint)
    tables = SlotTables(environment, client=control.client, clock=control.clock)
    assert write(tables, 5) == f"{environment}-tee-admin"
    control.time += 10**6
    assert {write(tables) for _ in range(100)} == {tables.name(TABLE)}
    assert control.asked == ["GetItem"]
    tables.close()


def test_production_without_a_pointer_looks_again(control: Control, tables: SlotTables) -> None:
    """Its first switch is still to come."""
    assert write(tables, 5) == "prod-tee-admin"
    control.set("ACTIVE", 3, "prod-v2")
    control.time += 6
    assert write(tables, 5) == "prod-v2-tee-admin"


def test_a_pointer_that_disappears_holds_writes(control: Control, tables: SlotTables) -> None:
    control.set("PREPARING", 1)
    write(tables, 5)
    control.client.delete_item(TableName="tee-control", Key={"pk": {"S": "pointer#prod"}, "sk": {"S": "pointer"}})
    eventually(lambda: is_held(tables))


def test_close_ends_the_thread_and_refuses_those_who_wait(control: Control, tables: SlotTables) -> None:
    control.set("DRAINING", 1)
    refused: list[str] = []

    def wait() -> None:
        try:
            write(tables, 60)
        except WritesHeldError as error:
            refused.append(str(error))

    waiting = Thread(target=wait)
    waiting.start()
    eventually(lambda: bool(control.asked))
    tables.close()
    waiting.join(5)
    assert "closed" in refused[0]
    asked = len(control.asked)
    time.sleep(0.15)
    assert len(control.asked) == asked
    with pytest.raises(WritesHeldError, match="closed"):
        write(tables)


@pytest.mark.parametrize("name", ["prod-v2", "legacy", "production", "", "prod ", "tee"])
def test_only_an_environment_has_a_pointer(control: Control, name: str) -> None:
    with pytest.raises(ValueError, match="prod"):
        SlotTables(name, client=control.client)
    assert control.asked == []


@pytest.mark.parametrize("name", [*PERMANENT, "feature-new-auth"])
def test_every_environment_may_have_one(control: Control, name: str) -> None:
    SlotTables(name, client=control.client).close()
    assert control.asked == []
