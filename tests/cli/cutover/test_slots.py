"""`tee-infra slots`: which slot is open, and for how long a rollback is possible."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from click.testing import Result

from tee_infra.aws.control_locks import Locks
from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_switch import Pointers, SwitchJournals
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.aws.slot_tables import SlotDeniedError, SlotTableReader
from tee_infra.cli.root import root
from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.cutover.progress_report import Report, TableReport
from tee_infra.core.cutover.switch_steps import Journal
from tee_infra.workflows.cutover.replication import lock_name
from tests.support.commands import json_of
from tests.support.emulator import create_tables
from tests.support.homes import NOW, Moto, make_control_table


@pytest.fixture
def items(dynamodb: DynamoDb) -> ControlItems:
    connection = Moto(endpoint=dynamodb.endpoint)
    make_control_table(connection)
    return ControlItems.connect(connection)


def shown(run: Callable[..., Result], *words: str) -> Any:
    return json_of(run, root, "slots", *words, "--json")


def test_before_the_first_switch_the_environments_own_slot_is_open(
    dynamodb: DynamoDb, items: ControlItems, run: Callable[..., Result]
) -> None:
    create_tables(dynamodb, "prod")
    create_tables(dynamodb, "prod-v2")
    found = shown(run, "prod-v2")
    assert (found["environment"], found["active"], found["epoch"], found["state"]) == ("prod", "prod", 0, "ACTIVE")
    assert [(slot["slot"], slot["active"], len(slot["tables"])) for slot in found["slots"]] == [
        ("prod", True, 3),
        ("prod-v2", False, 3),
    ]
    assert {slot["rollback_hours_left"] for slot in found["slots"]} == {None}


def test_after_a_switch_the_slot_before_has_hours_left_and_an_archive_date(
    dynamodb: DynamoDb, items: ControlItems, run: Callable[..., Result]
) -> None:
    create_tables(dynamodb, "prod")
    create_tables(dynamodb, "prod-v2")
    first = Pointer(epoch=0, state="ACTIVE", slot="prod")
    Pointers(items, "prod").write(first, Pointer(epoch=3, state="ACTIVE", slot="prod-v2"))
    journals = SwitchJournals(items, "prod")
    journal = Journal(environment="prod", source="prod", target="prod-v2", epoch=0, version=1, step="finished")
    journals.write(journal)
    old, new = shown(run, "prod")["slots"]
    assert 47.9 < old["rollback_hours_left"] <= 48
    assert old["archive_at"]
    assert (new["active"], new["rollback_hours_left"]) == (True, None)
    assert "h left" in run(root, "slots", "prod").stdout
    journals.write(replace(journal, source="prod-v2", target="prod", step="aborted", version=2))
    assert shown(run, "prod")["slots"][0]["archive_at"] == old["archive_at"]


def test_a_pointer_that_cannot_be_read_names_no_slot(
    dynamodb: DynamoDb, items: ControlItems, run: Callable[..., Result]
) -> None:
    create_tables(dynamodb, "prod")
    items.put({"pk": "pointer#prod", "sk": "pointer", "epoch": 3, "state": "PAUSED", "slot": "prod"}, None)
    found = shown(run, "prod")
    assert found["active"] is None
    assert "cannot be read" in found["problem"]
    assert not any(slot["active"] for slot in found["slots"])
    assert "cannot be read" in run(root, "slots", "prod").stdout


def test_the_lag_of_a_slot_is_that_of_its_last_table_while_its_replication_runs(
    dynamodb: DynamoDb, items: ControlItems, run: Callable[..., Result]
) -> None:
    create_tables(dynamodb, "prod")
    create_tables(dynamodb, "prod-v2")
    tables = {name: table_report(lag) for name, lag in (("tee-admin", 300), ("tee-schedules", 1200))}
    report = Report(source="prod", target="prod-v2", holder="ann", at=NOW, running=True, tables=tables)
    items.put(report.item(), None)
    assert shown(run, "prod")["slots"][1]["lag_seconds"] is None
    Locks(items).acquire(lock_name("prod-v2"), "ann on another machine, process 1", "migrate")
    assert [slot["lag_seconds"] for slot in shown(run, "prod")["slots"]] == [None, 1.2]


def table_report(lag: int) -> TableReport:
    counts = dict.fromkeys(("estimated_items", "items", "quarantined", "repaired", "throttled", "unanswered"), 0)
    return TableReport(phase="following", lag_milliseconds=lag, throttles={}, **counts)


def test_a_slot_that_the_role_must_not_describe_is_named_and_does_not_hide_the_others(
    dynamodb: DynamoDb, items: ControlItems, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Production's settings do not name it yet."""
    for slot in ("prod", "prod-v2", "prod-v3"):
        create_tables(dynamodb, slot)
    describe = SlotTableReader.facts

    def facts(reader: SlotTableReader, name: str) -> Any:
        if name.startswith("prod-v3"):
            raise SlotDeniedError(name)
        return describe(reader, name)

    monkeypatch.setattr(SlotTableReader, "facts", facts)
    found = shown(run, "prod")
    assert [slot["slot"] for slot in found["slots"]] == ["prod", "prod-v2"]
    assert found["problem"].startswith("prod-v3: reading table prod-v3-tee-")
    assert "slots of Pulumi.prod.yaml" in run(root, "slots", "prod").stdout
