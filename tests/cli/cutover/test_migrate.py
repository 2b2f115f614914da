"""`tee-infra migrate` and its subcommands as they are typed: results, refusals, a process that is killed."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.cutover.facts import progress_line
from tee_infra.cli.cutover.tail import NotFollowingError
from tee_infra.cli.root import root
from tee_infra.core.cutover.progress_report import Report, TableReport
from tee_infra.core.data.copy_policy import DifferentKeysError, PlainCopyError, SameTableError
from tee_infra.errors import RefusedError, TeeInfraError, UsageError
from tee_infra.workflows.cutover import migrate
from tests.support.commands import json_of
from tests.support.cutover_migrating import TABLES, Slots, key
from tests.support.emulator import create_tables

Run = Callable[..., Result]
ENDS = ("--from", "prod", "--to", "prod-v2")


@pytest.fixture
def slots(dynamodb: DynamoDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Slots:
    monkeypatch.setattr(migrate, "_TICK_SECONDS", 0.1)
    text = (tmp_path / "Pulumi.prod.yaml").read_text().replace("name: prod", "name: prod-v2")
    (tmp_path / "Pulumi.prod-v2.yaml").write_text(text)
    return Slots(dynamodb)


def test_it_tells_what_it_will_do_then_does_it_and_its_status_says_so(slots: Slots, run: Run) -> None:
    slots.fill(30)
    planned = json_of(run, root, "migrate", *ENDS, "--dry-run", "--json")
    assert [(planned["tables"][table]["state"], planned["tables"][table]["items"]) for table in TABLES] == [
        ("empty", 30)
    ] * 3
    assert json_of(run, root, "migrate", "status", "prod", "--json") == []
    done = json_of(run, root, "migrate", *ENDS, "--until-caught-up", "--yes", "--json")
    assert (done["caught_up"], done["stopped"], done["switched"]) == (True, False, False)
    assert {done["tables"][table]["different"] for table in TABLES} == {0}
    assert slots.differing() == {}
    (status,) = json_of(run, root, "migrate", "status", "prod", "--json")
    assert (status["source"], status["target"], status["state"]) == ("prod", "prod-v2", "stopped")
    assert "resumes" in str(json_of(run, root, "migrate", *ENDS, "--dry-run", "--json"))
    (ordered,) = json_of(run, root, "migrate", "throttle", "prod", "30%", "--json")["replications"]
    assert (ordered["percent"], ordered["paused"]) == (30, False)
    (ordered,) = json_of(run, root, "migrate", "pause", "prod-v2", "--json")["replications"]
    assert (ordered["percent"], ordered["paused"]) == (30, True)
    json_of(run, root, "migrate", "continue", "prod", "--json")
    json_of(run, root, "migrate", "throttle", "prod", "100%", "--json")
    slots.dynamodb.client.put_item(TableName="prod-tee-admin", Item=key("later"))
    followed = json_of(run, root, "migrate", "tail", "prod", "--until-caught-up", "--json")
    assert (followed["source"], followed["target"], followed["caught_up"]) == ("prod", "prod-v2", True)
    assert slots.differing() == {}


def test_the_plan_shows_what_is_raised_and_that_aws_bills_it(slots: Slots, run: Run) -> None:
    slots.dynamodb.update_table(
        {"TableName": "prod-tee-admin", "WarmThroughput": {"ReadUnitsPerSecond": 20_000, "WriteUnitsPerSecond": 4_000}}
    )
    while slots.dynamodb.described("prod-tee-admin")["WarmThroughput"]["Status"] == "UPDATING":
        time.sleep(0.1)
    planned = json_of(run, root, "migrate", *ENDS, "--dry-run", "--json")["tables"]
    assert planned["tee-schedules"]["warm_throughput"] == []
    assert planned["tee-admin"]["warm_throughput"] == [
        {"index": None, "reads": 12_000, "writes": 4_000, "wanted_reads": 20_000, "wanted_writes": 4_000}
    ]
    said = run(root, "migrate", *ENDS, "--dry-run").output
    assert "prod-v2-tee-admin: warm throughput 12,000 -> 20,000 reads a second" in said
    assert "AWS bills each increase of warm throughput once, by its units, and none can be taken back" in said


def drop(slots: Slots, table: str) -> None:
    slots.dynamodb.client.delete_table(TableName=table)


def make(slots: Slots, table: str, **more: Any) -> None:
    drop(slots, table)
    slots.dynamodb.client.create_table(
        **{
            "TableName": table,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        }
        | more
    )


ONE_KEY = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}
REFUSED: dict[str, tuple[str, str, Callable[[Slots], None], type[TeeInfraError], str]] = {
    "a missing table": ("prod", "prod-v2", lambda at: drop(at, "prod-v2-tee-admin"), UsageError, "up prod-v2"),
    "a missing legacy table": ("legacy", "prod-v2", lambda _: None, UsageError, "tee-admin"),
    "no stream": ("prod", "prod-v2", lambda at: make(at, "prod-tee-admin"), RefusedError, "stream is off"),
    "other keys": (
        "prod", "prod-v2", lambda at: make(at, "prod-v2-tee-admin", **ONE_KEY), DifferentKeysError, "has the key pk",
    ),
    "production leaves": ("prod", "staging", lambda _: None, PlainCopyError, "production"),
    "something comes in": ("staging", "prod-v2", lambda _: None, RefusedError, "another slot of it or from legacy"),
    "the same": ("prod", "prod", lambda _: None, SameTableError, "prod"),
    "the same, by an alias": ("prod", "production", lambda _: None, SameTableError, "prod"),
    "one table": ("table:prod-tee-admin", "prod-v2", lambda _: None, UsageError, "all tables"),
    "an unknown environment": ("prod", "elsewhere", lambda _: None, UsageError, "elsewhere"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_it_refuses_before_it_writes(slots: Slots, run: Run, case: str) -> None:
    source, target, prepare, error, said = REFUSED[case]
    slots.fill(2)
    prepare(slots)
    with pytest.raises(error) as refused:
        run(root, "migrate", "--from", source, "--to", target, "--yes", "--until-caught-up")
    assert said in f"{refused.value.message} {refused.value.next}"
    assert slots.control.collection("replications")[0] == []
    for table in slots.dynamodb.client.list_tables()["TableNames"]:
        if table.startswith("prod-v2-"):
            assert slots.dynamodb.client.scan(TableName=table)["Count"] == 0


def test_production_under_another_name_stays_production(slots: Slots, run: Run) -> None:
    """A table that says by its tags that it is production is none of a development environment."""
    create_tables(slots.dynamodb, "staging")
    create_tables(slots.dynamodb, "dev", Tags=[{"Key": "tee:environment", "Value": "prod"}])
    with pytest.raises(RefusedError, match="production"):
        run(root, "migrate", "--from", "staging", "--to", "dev", "--yes", "--until-caught-up")
    with pytest.raises(PlainCopyError):
        run(root, "migrate", "--from", "dev", "--to", "staging", "--yes", "--until-caught-up")


def test_what_a_script_must_add(slots: Slots, run: Run) -> None:
    for words in ((*ENDS, "--json"), ("--from", "prod"), ("--json",)):
        with pytest.raises(UsageError):
            run(root, "migrate", *words)
    with pytest.raises(UsageError, match="no replication of prod is known"):
        run(root, "migrate", "pause", "prod")
    for rate in ("0%", "101%", "30", "3.5%", "٣%"):
        with pytest.raises(UsageError, match="rate"):
            run(root, "migrate", "throttle", "prod", rate)
    with pytest.raises(RefusedError, match="confirmation"):
        run(root, "migrate", *ENDS, typed="prod\n")
    with pytest.raises(NotFollowingError, match="nothing was copied yet"):
        run(root, "migrate", "tail", "prod", "--until-caught-up")


def test_a_killed_process_is_followed_by_the_same_command(slots: Slots, run: Run, tmp_path: Path) -> None:
    slots.fill(100)
    command = [sys.executable, "-c", "from tee_infra.cli import main; main()", "migrate", *ENDS, "--yes"]
    with (
        slots.written(),
        subprocess.Popen(command, cwd=tmp_path) as first,
    ):
        due = time.monotonic() + 30
        while not slots.control.collection("replications")[0]:
            assert time.monotonic() < due
            time.sleep(0.02)
        first.send_signal(signal.SIGKILL)
        first.wait()
        (status,) = json_of(run, root, "migrate", "status", "prod", "--json")
        assert status["state"] == "interrupted"
    assert json_of(run, root, "migrate", *ENDS, "--until-caught-up", "--yes", "--json")["caught_up"]
    assert slots.differing() == {}


def test_a_terminal_shows_the_table_that_is_furthest_behind() -> None:
    def table(phase: Any, lag: int | None, **more: Any) -> TableReport:
        facts = {"estimated_items": 10, "items": 5, "quarantined": 1, "repaired": 0, "throttled": 0, "throttles": {}}
        return TableReport.model_validate(
            {"phase": phase, "lag_milliseconds": lag, "unanswered": 0, "different": 2} | facts | more
        )

    throttled = {"throttled": 3, "throttles": {"write of target: UnprocessedItems": 3}}
    tables = {"a": table("following", 100), "b": table("copying", 4000, **throttled)}
    at = datetime(2026, 11, 27, tzinfo=UTC)
    report = Report(source="prod", target="prod-v2", holder="ann", at=at, running=True, tables=tables)
    assert progress_line(report) == (
        "prod -> prod-v2: copying, 10 of about 20 items, lag 4.0 s, 2 in quarantine, 4 different, "
        "3 throttled (most often write of target: UnprocessedItems)"
    )
