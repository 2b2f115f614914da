"""Every command of the table in docs/access.md, run on the embedded AWS: its role may make each of its requests."""

import os
import re
import shlex
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from botocore.client import BaseClient

from tee_infra import cli
from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_table import ControlTable
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.aws.slot_tables import SlotTableReader
from tee_infra.core import names
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.cutover.progress_report import Report
from tee_infra.core.cutover.slots import tables_of
from tee_infra.core.cutover.switching import Bounds
from tee_infra.core.tables.catalog import TABLES
from tee_infra.engine import EngineUnavailableError
from tee_infra.workflows import doctor
from tee_infra.workflows.cutover import replication, switch
from tee_infra.workflows.cutover.context import CutoverContext
from tee_infra.workflows.cutover.table_replication import Tuning
from tee_infra.workflows.environments import list as listing
from tee_infra.workflows.environments import show
from tee_infra.workflows.session import session
from tests.contracts.test_which_aws import commands
from tests.support.cutover_live import end_of, migrate, running_tail, switch_recovery_on
from tests.support.emulator import create_tables, put, reset
from tests.support.emulator import session as shared
from tests.support.homes import Moto, make_control_table, record_of, tags_of
from tests.support.iam_roles import role_policies
from tests.support.iam_walk import ADMINISTRATOR, Call, Recorder, Row, arns_table, denied, record, rows
from tests.support.stand_in import checkout_at

ROWS = rows(Path(__file__).parents[2] / "docs" / "access.md")
COMMANDS = dict(commands())
FEATURE = "feature-x"
CONTROL = arns_table(names.CONTROL_TABLE)
SLOT = "prod-v2"
SEEDED = "prod", "staging"
NO_ENGINE = "there is no engine in this test"
SWITCHES = [next(row for row in ROWS if row.line.startswith(command)) for command in ("switch ", "rollback ")]
CUTOVER = {name for name in COMMANDS if name.split()[0] in ("migrate", "rollback", "slots", "switch")}
"""Commands for slots: production's settings name `SLOT`."""


def command_of(line: str) -> str:
    words = shlex.split(line)
    return next(name for name in (" ".join(words[:length]) for length in (3, 2, 1)) if name in COMMANDS)


def test_every_command_has_a_row() -> None:
    assert {command_of(row.line) for row in ROWS} == COMMANDS.keys()


def test_every_role_of_a_row_exists() -> None:
    for row in ROWS:
        for environment, role in row.roles:
            assert role == ADMINISTRATOR or role_policies(environment, role).arn


@pytest.fixture
def recorder(
    moto_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Recorder]:
    """A prepared account with prod, staging, dev and a branch's environment, and no engine."""
    reset(moto_endpoint)
    checkout_at(tmp_path, moto_endpoint)
    settings = f"config: {{tee-infra:environment: {{name: {SLOT}, owner: platform, catalog_version: 1}}}}\n"
    (tmp_path / f"Pulumi.{SLOT}.yaml").write_text(settings)
    monkeypatch.chdir(tmp_path)
    variables = {
        "AWS_ENDPOINT_URL": moto_endpoint,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(doctor, "engine_findings", lambda _: ())
    monkeypatch.setattr(session, "bootstrap_once", lambda *_: None)  # an account is bootstrapped by its own command
    monkeypatch.setattr(session, "ensure_engine", _no_engine)
    monkeypatch.setattr(replication, "EMBEDDED", Tuning(in_flight=0.1, poll=0.02))
    for reader in (listing, show):
        monkeypatch.setattr(reader, "find_engine", lambda _: None)
    with patch.dict(os.environ, variables):
        _prepare(Moto(endpoint=moto_endpoint), DynamoDb(shared(), moto_endpoint), request.getfixturevalue("row"))
        yield record(monkeypatch)


@pytest.mark.parametrize("row", [row for row in ROWS if row.roles and row not in SWITCHES], ids=lambda row: row.line)
def test_the_role_of_a_command_may_make_all_of_its_requests(
    row: Row, recorder: Recorder, moto_endpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder.on = False
    if row.line.startswith("backup restore staging"):
        assert _run("backup create staging --output backups/staging") == 0
        _empty(DynamoDb(shared(), moto_endpoint), "staging")
    if row.line.startswith("legacy migrate"):
        _empty(DynamoDb(shared(), moto_endpoint), "prod")
    if "s3://" in row.line:
        shared().client("s3", endpoint_url=moto_endpoint).create_bucket(Bucket="bucket")
    if row.line.startswith("backup verify"):
        assert _run("backup create staging --output s3://bucket/staging") == 0
    if row.line.startswith("migrate"):
        _migration(row, CutoverContext.connect("prod", Moto(endpoint=moto_endpoint), lambda _: None))
    _walk(row, recorder, capsys)
    if row.line.startswith("migrate --from"):  # its items of the control table are kept by its target's role
        assert denied({call for call in recorder.calls if call.resource == CONTROL}, row.roles[-1:]) == []


@pytest.mark.parametrize("row", SWITCHES[-1:], ids=["switch and rollback"])
def test_the_role_of_a_switch_may_make_all_of_its_requests_and_those_of_its_rollback(
    row: Row,
    recorder: Recorder,
    moto_endpoint: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorder.on = False
    monkeypatch.setattr(switch, "Bounds", lambda: Bounds(long_lease=0.1, short_lease=0.05, in_flight=0.05))
    context = CutoverContext.connect("prod", Moto(endpoint=moto_endpoint), lambda _: None)
    for slot in ("prod", SLOT):
        switch_recovery_on(context, slot)
    migrate(context)
    with running_tail(context) as states:
        for each, source in zip(SWITCHES, ("prod", SLOT), strict=True):
            end_of(states, lambda state, source=source: state.following and state.source == source)
            recorder.calls.clear()
            _walk(each, recorder, capsys)
            assert FLIP in recorder.calls  # all of it was made, not its conditions alone


def test_the_role_of_a_switch_may_ask_what_only_aws_can_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers of a stream and its Kinesis destinations, for which an embedded AWS is not asked."""
    monkeypatch.setattr(BaseClient, "_make_api_call", lambda *_: ANSWERS)
    monkeypatch.setattr(SlotTableReader, "_describe", lambda _, name: {"TableArn": arns_table(name)})
    recorder = record(monkeypatch)
    reader = SlotTableReader(shared(), None)
    for slot in ("prod", SLOT):
        for table in tables_of(slot).values():
            assert reader.observed(table) is not None
            reader.stream_readers(f"{arns_table(table)}/stream/1")
    assert {call.action for call in recorder.calls} >= ASKED_OF_AWS
    assert denied(recorder.calls, (("prod", "migrator"),), (SLOT,)) == []


ASKED_OF_AWS = {
    "dynamodb:DescribeKinesisStreamingDestination",
    "dynamodb:GetResourcePolicy",
    "lambda:ListEventSourceMappings",
}
ANSWERS: dict[str, Any] = {
    "TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"},
    "KinesisDataStreamDestinations": [],
    "ContinuousBackupsDescription": {},
    "EventSourceMappings": [],
}
FLIP = Call("dynamodb:PutItem", CONTROL, (("dynamodb:LeadingKeys", "pointer#prod"),))


def _walk(row: Row, recorder: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    recorder.on = True
    code = _run(row.line)
    recorder.on = False

    printed = capsys.readouterr()
    assert code in (0, 5) or NO_ENGINE in printed.err, printed
    assert denied(recorder.calls, row.roles, (SLOT,) if command_of(row.line) in CUTOVER else ()) == []
    assert recorder.calls or command_of(row.line) in WITHOUT_REQUESTS


WITHOUT_REQUESTS = {"repair", "list", "show", "up", "preview", "refresh", "down", "doctor", "schema pull"}
"""What asks the engine for everything here, or STS alone."""


def test_a_request_beyond_a_role_is_found() -> None:
    """The walk itself: another end's table, a scan of production by an administrator, a write by its migrator."""
    ends = ("prod", "migrator"), ("dev", "migrator")
    calls = {
        Call("dynamodb:Scan", arns_table("prod-tee-admin")),
        Call("dynamodb:BatchWriteItem", arns_table("dev-tee-admin")),
        Call("dynamodb:BatchWriteItem", arns_table("prod-tee-admin")),
        Call("dynamodb:Scan", arns_table("staging-tee-admin")),
    }
    assert [call.resource.rsplit("/", 1)[1] for call in denied(calls, ends)] == ["prod-tee-admin", "staging-tee-admin"]
    alone = {Call("dynamodb:CreateBackup", arns_table("prod-tee-admin"))}
    assert denied(alone, (("", ADMINISTRATOR),))
    assert not denied(alone, (("prod", "migrator"),))


def _migration(row: Row, context: CutoverContext) -> None:
    """What a command about a migration finds: an interrupted one, whose lock nobody holds, or a complete copy."""
    if row.line.startswith("migrate tail"):
        migrate(context)
    elif not row.line.startswith("migrate --from"):
        report = Report(source="prod", target=SLOT, holder="ann", at=datetime.now(UTC), running=True, tables={})
        context.items.put(report.item(), None)


def _no_engine(*_: object) -> Any:
    raise EngineUnavailableError(reasons=(NO_ENGINE,))


def _prepare(connection: Moto, dynamodb: DynamoDb, row: Row) -> None:
    """The tables of the environments that the row names; of two of them with items and a key."""
    make_control_table(connection)
    ControlTable(ControlItems.connect(connection)).write(record_of(FEATURE))
    ssm = shared().client("ssm", endpoint_url=connection.endpoint)
    with_tables = FEATURE in row.line and "destroy" not in row.line  # moto's account is not the embedded AWS's
    named = {environment for environment, _ in row.roles} | set(re.split(r"[\s/-]", row.line)) | {FEATURE}
    named |= {SLOT} if command_of(row.line) in CUTOVER else set()
    for environment in (names.LEGACY, "prod", SLOT, "staging", "dev", *([FEATURE] if with_tables else [])):
        if environment not in named:
            continue
        tags = [{"Key": key, "Value": value} for key, value in tags_of(environment).items()]
        tables = create_tables(dynamodb, environment, Tags=tags)
        if environment in SEEDED:
            name = names.parameter(environment, names.ANONYMIZE_KEY)
            ssm.put_parameter(Name=name, Value="k" * 44, Type="SecureString")
            for logical, physical in tables.items():
                put(dynamodb, physical, SyntheticData(1).items(logical, range(1)))


def _empty(dynamodb: DynamoDb, environment: str) -> None:
    for table in TABLES:
        dynamodb.client.delete_table(TableName=names.table(environment, table.name))
    create_tables(dynamodb, environment)


def _run(line: str) -> int | str | None:
    command = COMMANDS[command_of(line)]
    words = shlex.split(line)
    if any("--yes" in parameter.opts for parameter in command.params):
        words.append("--yes")
    with patch.object(sys, "argv", ["tee-infra", *words]), pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code
