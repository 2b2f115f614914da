"""A migration while the app writes on: nothing differs at its end, whenever it was killed, and orders are obeyed."""

import threading
import time
from typing import Any

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from tee_infra.aws.control_locks import Locks
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.cutover.pointer import Pointer, pointer_item
from tee_infra.core.cutover.progress_report import Report
from tee_infra.core.environments import parse_environment
from tee_infra.core.lifecycle.lock import LockedError
from tee_infra.errors import RefusedError
from tee_infra.local import stream_shards
from tee_infra.workflows.cutover import migrate
from tee_infra.workflows.cutover.migrate import StillDifferentError
from tee_infra.workflows.cutover.orders import give_orders
from tee_infra.workflows.cutover.replication import lock_name, switch_lock_name
from tee_infra.workflows.cutover.status import read_status
from tee_infra.workflows.cutover.transform import LoadedTransform
from tests.support.cutover_migrating import Slots, key

PROD = parse_environment("prod")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "_TICK_SECONDS", 0.1)
    monkeypatch.setattr(migrate, "_REPORT_SECONDS", 0.1)


@pytest.fixture
def slots(dynamodb: DynamoDb) -> Slots:
    return Slots(dynamodb)


def in_phase(phase: str):
    return lambda report: any(table.phase == phase for table in report.tables.values())


def test_the_target_ends_equal_while_the_app_writes_on(slots: Slots) -> None:
    """A second migration into the same target is refused meanwhile."""
    refused: list[LockedError] = []

    def second(report: Report) -> None:
        if in_phase("copying")(report) and not refused:
            with pytest.raises(LockedError) as error:
                slots.migrate()
            refused.append(error.value)

    slots.fill(30)
    with slots.written():
        result = slots.migrate(report=second)
        assert (result.caught_up, result.stopped) == (True, False)
        assert {table.phase for table in result.report.tables.values()} == {"following"}
        time.sleep(0.2)  # the target falls behind
    assert "tee-infra migrate --from prod --to prod-v2" in refused[0].message
    assert slots.migrate().caught_up
    assert slots.differing() == {}


@pytest.mark.parametrize("phase", ["copying", "comparing"])
def test_a_killed_migration_goes_on_with_the_same_command(slots: Slots, phase: str) -> None:
    slots.fill(30)
    slots.fill(3, slots.target)
    slots.dynamodb.client.put_item(TableName="prod-v2-tee-admin", Item=key("only here"))
    with slots.written():
        slots.kill_when(in_phase(phase))
        time.sleep(0.2)
    assert slots.migrate().caught_up
    assert slots.differing() == {}


def test_a_paused_migration_writes_nothing_until_it_continues(slots: Slots) -> None:
    stop, states = threading.Event(), list[Report]()

    def report(found: Report) -> None:
        states.append(found)
        if stop.is_set():
            raise KeyboardInterrupt

    def settled(paused: bool) -> None:
        due = time.monotonic() + 10
        while not (states and states[-1].paused is paused and in_phase("following")(states[-1])):
            assert time.monotonic() < due
            time.sleep(0.02)

    thread = threading.Thread(target=lambda: slots.migrate(report=report, until_caught_up=False), daemon=True)
    thread.start()
    settled(paused=False)
    time.sleep(0.3)  # its first report is written
    give_orders(slots.control, PROD, {"paused": True})
    settled(paused=True)
    time.sleep(0.3)  # what was on its way
    slots.dynamodb.client.put_item(TableName="prod-tee-admin", Item=key("late"))
    time.sleep(0.3)
    assert slots.differing(sentinels=False) == {"tee-admin": {"latex"}}
    assert [each.state for each in read_status(slots.control, PROD)] == ["paused"]
    give_orders(slots.control, PROD, {"paused": False, "percent": 50})
    due = time.monotonic() + 10
    while slots.differing(sentinels=False):
        assert time.monotonic() < due
    assert states[-1].percent == 50
    stop.set()
    thread.join(10)
    assert [each.state for each in read_status(slots.control, PROD)] == ["stopped"]


def test_a_target_that_was_opened_to_the_app_is_written_no_more(slots: Slots) -> None:
    def open_target(report: Report) -> None:
        if in_phase("following")(report):
            slots.control.put(pointer_item(Pointer(epoch=3, state="ACTIVE", slot="prod-v2"), "prod"), None)

    with pytest.raises(RefusedError, match="it was opened to the app") as refused:
        slots.migrate(report=open_target, until_caught_up=False)
    assert "migrate status prod" in (refused.value.next or "")
    (status,) = read_status(slots.control, PROD)
    assert (status.state, status.problem) == ("failed", refused.value.message)
    with pytest.raises(RefusedError, match="the app has it open"):
        slots.plan()


@pytest.mark.parametrize("flips", [True, False])
def test_a_switch_gets_the_replication_and_an_aborted_one_gives_it_back(slots: Slots, flips: bool) -> None:
    locks, taken = Locks(slots.control), list[str]()

    def switch() -> None:
        held = locks.acquire(switch_lock_name("prod"), "somebody", "a switch")
        while True:
            try:
                replication = locks.acquire(lock_name("prod-v2"), "somebody", "a switch")
                break
            except LockedError:
                time.sleep(0.02)
        taken.append("taken")
        if flips:
            slots.control.put(pointer_item(Pointer(epoch=3, state="ACTIVE", slot="prod-v2"), "prod"), None)
        for lock in (replication, held):
            locks.release(lock)
        taken.append("released")

    def report(found: Report) -> None:
        if in_phase("following")(found) and not taken:
            taken.append("wanted")
            threading.Thread(target=switch).start()
        if taken[-1:] == ["released"] and not flips:
            raise KeyboardInterrupt

    result = slots.migrate(report=report, until_caught_up=False)
    assert taken == ["wanted", "taken", "released"]
    assert (result.switched, result.stopped) == (flips, not flips)


def test_a_stream_that_lost_records_meanwhile_has_every_key_of_both_copied_again(slots: Slots) -> None:
    slots.fill(20)
    slots.migrate()
    client = slots.dynamodb.client
    client.delete_item(TableName="prod-tee-admin", Key=key("M#3"))
    client.put_item(TableName="prod-tee-admin", Item=key("unseen"))
    stream = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables["prod-tee-admin"].stream_shard
    stream_shards.split(stream, 2)
    stream_shards.trim(stream)
    phases: set[str] = set()
    assert slots.migrate(report=lambda report: phases.add(report.tables["tee-admin"].phase)).caught_up
    assert slots.differing() == {}
    assert "sweeping" in phases


def test_a_reference_that_only_the_transform_breaks_is_a_difference(slots: Slots) -> None:
    member = {"pk": {"S": "MEMBER#1"}, "sk": {"S": "PROFILE"}}
    for table, item in (
        ("tee-admin", member),
        ("tee-schedules", key("a") | {"memberId": {"S": "1"}}),
        ("tee-schedules", key("b") | {"memberId": {"S": "gone"}}),
    ):
        slots.dynamodb.client.put_item(TableName=f"prod-{table}", Item=item)

    def refuse_member(_table: str, item: dict[str, Any]) -> dict[str, Any]:
        if item["sk"]["S"] == "PROFILE":
            raise ValueError
        return item

    with pytest.raises(StillDifferentError) as error:
        slots.migrate(transform=LoadedTransform(name="changes:refuse", function=refuse_member, inverse=None))
    assert error.value.tables == {
        "tee-admin": {"different": 0, "quarantined": 1, "broken_references": 0},
        "tee-schedules": {"different": 0, "quarantined": 0, "broken_references": 1},
    }
    found = slots.migrate().report.tables["tee-schedules"]
    assert (found.broken_references, found.dangling_references) == (0, 1)
