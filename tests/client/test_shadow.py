"""Shadow reads: what is repeated, what counts as a difference, and what a switch reads of it."""

import time
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from tee_infra.client import ShadowReads, SlotTables, shadow, shadow_counts
from tee_infra.client.raw_calls import RawCalls
from tee_infra.core import names
from tee_infra.core.cutover import shadow_reads as operator
from tests.client.control import Control, eventually
from tests.support.emulator import reset, session
from tests.support.homes import Moto, make_control_table

A, B = {"pk": {"S": "a"}}, {"pk": {"S": "b"}}
OLD, NEW = "prod-tee-admin", "prod-v2-tee-admin"
NOTHING = operator.ShadowTable()


class Slots(Control):
    """Both slots of one table, with the same item `a`, and an app that sends all of its reads to both."""

    def __init__(self, account: Moto) -> None:
        super().__init__(account)
        self.set("ACTIVE", 1)
        for name in (OLD, NEW):
            self.client.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            )
            self.client.put_item(TableName=name, Item=A | {"n": {"N": "1.50" if name == OLD else "1.5"}})
        self.tables = SlotTables("prod", client=self.client, shadow_reads=ShadowReads("prod-v2", 100))

    def found(self, *, table: str = "tee-admin") -> operator.ShadowTable:
        """What the operator reads once the client has closed."""
        self.tables.close()
        items, now = self.items.collection(names.pointer("prod"))
        found = operator.read_shadow_reads(items, "prod-v2", now, None)
        assert not isinstance(found, operator.Unreadable)
        return found.tables.get(table, NOTHING) if found else NOTHING

    def read(self, key: dict[str, Any], times: int = 1) -> None:
        for _ in range(times):
            self.client.get_item(TableName=self.tables.name("tee-admin"), Key=key)
            self.settle()

    def settle(self, seconds: float = 5) -> None:
        """Wait until nothing is asked any more."""
        deadline, asked = time.monotonic() + seconds, -1
        while asked != len(self.asked) and time.monotonic() < deadline:
            asked = len(self.asked)
            time.sleep(0.1)


@pytest.fixture
def slots(moto_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slots]:
    monkeypatch.setattr(shadow, "LAG", 0.02)
    reset(moto_endpoint)
    account = Moto(endpoint=moto_endpoint)
    make_control_table(account)
    slots = Slots(account)
    yield slots
    slots.tables.close()


def test_equal_reads_are_counted_in_canonical_form(slots: Slots) -> None:
    slots.read(A, times=3)
    slots.read(B)
    assert slots.found() == operator.ShadowTable(reads=4)


def test_a_lasting_difference_is_a_mismatch(slots: Slots) -> None:
    slots.client.put_item(TableName=OLD, Item=B)
    slots.read(A)
    slots.read(B)
    assert slots.found() == operator.ShadowTable(reads=2, mismatches=1)


def test_a_difference_that_replication_ends_is_none(slots: Slots, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadow, "LAG", 0.5)
    slots.client.put_item(TableName=OLD, Item=B)
    slots.client.get_item(TableName=slots.tables.name("tee-admin"), Key=B)
    slots.settle(0.2)
    slots.client.put_item(TableName=NEW, Item=B)
    time.sleep(0.5)
    slots.settle()
    assert slots.found() == operator.ShadowTable(reads=1)


def test_a_difference_in_an_item_that_changes_shows_nothing(slots: Slots, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadow, "LAG", 0.5)
    slots.client.put_item(TableName=OLD, Item=B)
    slots.client.get_item(TableName=slots.tables.name("tee-admin"), Key=B)
    slots.settle(0.2)
    slots.client.put_item(TableName=OLD, Item=B | {"later": {"BOOL": True}})
    time.sleep(0.5)
    slots.settle()
    assert slots.found() == NOTHING


def test_a_slot_that_does_not_answer_is_counted_and_the_app_reads_on(slots: Slots) -> None:
    slots.client.delete_table(TableName=NEW)
    slots.read(A, times=2)
    assert slots.found() == operator.ShadowTable(failed=2)


def test_queries_and_batches_are_repeated_too_and_writes_and_other_tables_are_not(slots: Slots) -> None:
    name = slots.tables.name("tee-admin")
    slots.client.query(TableName=name, KeyConditionExpression="pk = :a", ExpressionAttributeValues={":a": {"S": "a"}})
    slots.client.batch_get_item(RequestItems={name: {"Keys": [A, B]}})
    slots.client.put_item(TableName=name, Item=A | {"n": {"N": "1.5"}})
    slots.client.get_item(TableName=NEW, Key=A)
    slots.client.get_item(TableName="tee-control", Key={"pk": {"S": "a"}, "sk": {"S": "b"}})
    slots.settle()
    assert slots.found() == operator.ShadowTable(reads=2)
    assert slots.asked.count("PutItem") == 3


def test_a_resource_of_boto3_is_compared_alike(slots: Slots, moto_endpoint: str) -> None:
    """It gives and takes values of Python instead of DynamoDB's."""
    dynamodb = session().resource("dynamodb", endpoint_url=moto_endpoint)
    slots.client.put_item(TableName=OLD, Item=B | {"data": {"B": b"1"}, "set": {"NS": ["1", "2"]}})
    slots.client.put_item(TableName=NEW, Item=B | {"data": {"B": b"1"}, "set": {"NS": ["2.0", "1"]}})
    tables = SlotTables("prod", client=dynamodb.meta.client, shadow_reads=ShadowReads("prod-v2", 100))
    table = dynamodb.Table(tables.name("tee-admin"))
    assert table.get_item(Key={"pk": "b"})["Item"]["data"].value == b"1"
    assert table.get_item(Key={"pk": "a"})["Item"]["n"] == 1.5
    time.sleep(0.2)
    tables.close()
    assert slots.found() == operator.ShadowTable(reads=2)


@pytest.mark.parametrize(("state", "slot"), [("PREPARING", "prod"), ("ACTIVE", "prod-v2")])
def test_nothing_is_repeated_during_a_switch_and_after_it(slots: Slots, state: str, slot: str) -> None:
    slots.set(state, 2, slot)
    slots.tables.close()
    slots.tables = SlotTables("prod", client=slots.client, shadow_reads=ShadowReads("prod-v2", 100))
    slots.read(A)
    assert slots.found() == NOTHING


def test_a_share_of_the_reads_is_repeated(slots: Slots, monkeypatch: pytest.MonkeyPatch) -> None:
    slots.tables.close()
    slots.tables = SlotTables("prod", client=slots.client, shadow_reads=ShadowReads("prod-v2", 25))
    drawn = iter([0.1, 0.25, 0.9, 0.2499])
    monkeypatch.setattr(shadow, "random", SimpleNamespace(random=lambda: next(drawn)))
    slots.read(A, times=4)
    assert slots.found() == operator.ShadowTable(reads=2)


def test_counts_that_cannot_be_written_stay_and_no_read_fails(slots: Slots, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadow, "FLUSH", 0.05)
    refused: list[object] = []

    def refuse(params: object, **_: object) -> None:
        refused.append(params)
        if len(refused) < 3:
            raise PermissionError

    slots.client.meta.events.register("before-parameter-build.dynamodb.UpdateItem", refuse)
    slots.read(A)
    eventually(lambda: len(refused) > 2)
    assert slots.found() == operator.ShadowTable(reads=1)


def test_a_later_window_takes_the_place_of_the_one_a_day_before(slots: Slots) -> None:
    for window, counts in ((1000, {"reads#a": 1}), (1000, {"reads#a": 2, "o3": 1}), (1144, {"n4": 1})):
        shadow.write_counts(RawCalls(slots.client), "prod", "prod-v2", window, counts)
    with pytest.raises(slots.client.exceptions.ConditionalCheckFailedException):
        shadow.write_counts(RawCalls(slots.client), "prod", "prod-v2", 1000, {"reads#a": 1})
    item, _ = slots.items.get("pointer#prod", "shadow#prod-v2#136")
    assert item == {"pk": "pointer#prod", "sk": "shadow#prod-v2#136", "window": 1144, "counts": {"n4": 1}}


def test_each_write_fits_into_dynamodbs_expressions(slots: Slots) -> None:
    counts = {f"{side}{index}": 1 for side in "on" for index in range(shadow_counts.BUCKETS)}
    first = dict(list(counts.items())[:60])
    shadow.write_counts(RawCalls(slots.client), "prod", "prod-v2", 1000, first)
    sent: list[int] = []
    slots.client.meta.events.register(
        "before-parameter-build.dynamodb.UpdateItem", lambda params, **_: sent.append(len(params["UpdateExpression"]))
    )
    shadow.write_counts(RawCalls(slots.client), "prod", "prod-v2", 1000, first)
    assert sent[0] < 4096


@pytest.mark.parametrize("environment", ["dev", "staging", "feature-x"])
def test_an_app_with_one_way_for_all_environments_repeats_nothing_elsewhere(slots: Slots, environment: str) -> None:
    slots.tables.close()
    slots.asked.clear()
    tables = SlotTables(environment, client=slots.client, shadow_reads=ShadowReads("prod-v2", 100))
    with suppress(slots.client.exceptions.ResourceNotFoundException):
        slots.client.get_item(TableName=tables.name("tee-admin"), Key=A)
    slots.settle()
    assert slots.asked == ["GetItem", "GetItem"]  # the pointer's, and the app's


@pytest.mark.parametrize(("slot", "percent"), [("v2", 1), ("dev", 1), ("prod-v2", 0), ("prod-v2", 101), ("prod", -1)])
def test_a_share_and_a_slot_are_checked(slot: str, percent: float) -> None:
    with pytest.raises(ValueError, match=r"slot|share"):
        ShadowReads(slot, percent)


def test_the_client_counts_what_the_operator_reads() -> None:
    assert operator.WINDOW.total_seconds() == shadow_counts.WINDOW
    assert operator.KEPT.total_seconds() == shadow_counts.WINDOW * shadow_counts.WINDOWS
    assert (shadow_counts.FASTEST, shadow_counts.STEP, shadow_counts.BUCKETS) == (
        operator.FASTEST,
        operator.STEP,
        operator.BUCKETS,
    )
    for index in range(1, shadow_counts.BUCKETS - 1):
        end = operator.FASTEST * operator.STEP**index
        assert [shadow_counts.bucket(end * part) for part in (0.95, 1, 1.01)] == [index, index, index + 1]
    assert [shadow_counts.bucket(seconds) for seconds in (0, 1e-9, 0.00025, 60)] == [0, 0, 0, 119]
