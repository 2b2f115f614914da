"""The client against a moving pointer, a pointer that cannot be read, and clocks that differ."""

import time
from threading import Thread

import pytest

from tee_infra.client import SlotTables, WritesHeldError
from tee_infra.core.cutover.pointer import Pointer, pointer_item
from tests.client.control import TABLE, Control, eventually, is_held, write, write_slowly
from tests.support.emulator import session


def test_held_writes_are_refused_after_the_timeout_and_the_error_has_the_state(
    control: Control, tables: SlotTables
) -> None:
    control.set("DRAINING", 7)
    started = time.monotonic()
    with pytest.raises(WritesHeldError, match="DRAINING at epoch 7"):
        write(tables, 0.3)
    assert 0.3 <= time.monotonic() - started < 2


def test_a_slow_read_counts_from_before_it_was_sent(control: Control, tables: SlotTables) -> None:
    """The pointer may have changed right after it was read, long before the answer arrived."""
    control.set("ACTIVE", 1)

    def slow(**_: object) -> None:
        control.time += 6

    control.client.meta.events.register("before-send.dynamodb", slow)
    assert tables.name(TABLE) == "prod-tee-admin"
    assert is_held(tables)


def test_an_expired_drain_is_ended_by_a_client_and_its_flip_is_refused(control: Control, tables: SlotTables) -> None:
    control.set("DRAINING", 8, drain_for=-1)
    assert write(tables, 5) == "prod-tee-admin"
    assert control.pointer() == Pointer(epoch=9, state="ACTIVE", slot="prod")
    late = pointer_item(Pointer(epoch=9, state="ACTIVE", slot="prod-v2"), "prod")
    assert not control.items.put(late, {"epoch": 8})


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


def test_the_client_of_a_resource_follows_the_pointer_too(control: Control, moto_endpoint: str) -> None:
    """It takes Python's values where other clients take DynamoDB's."""
    control.set("DRAINING", 8, drain_for=-1)
    dynamodb = session().resource("dynamodb", endpoint_url=moto_endpoint)
    table = dynamodb.create_table(
        TableName="prod-tee-admin",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    tables = SlotTables("prod", client=dynamodb.meta.client)
    with tables.writing(TABLE) as name:
        dynamodb.meta.client.put_item(TableName=name, Item={"pk": "a", "n": 1})
    tables.close()
    assert table.get_item(Key={"pk": "a"})["Item"] == {"pk": "a", "n": 1}
    assert control.pointer().epoch == 9


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
