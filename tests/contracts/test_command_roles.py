"""Every command of the table in docs/access.md, run on the embedded AWS: its role may make each of its requests."""

import os
import re
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tee_infra import cli
from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_table import ControlTable
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core import names
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.tables.catalog import TABLES
from tee_infra.engine import EngineUnavailableError
from tee_infra.workflows import doctor
from tee_infra.workflows.environments import list as listing
from tee_infra.workflows.environments import show
from tee_infra.workflows.session import session
from tests.contracts.test_which_aws import commands
from tests.support.emulator import create_tables, put, reset
from tests.support.emulator import session as shared
from tests.support.homes import Moto, make_control_table, record_of, tags_of
from tests.support.iam_roles import role_policies
from tests.support.iam_walk import ADMINISTRATOR, Call, Recorder, Row, arns_table, denied, record, rows
from tests.support.stand_in import checkout_at

ROWS = rows(Path(__file__).parents[2] / "docs" / "access.md")
COMMANDS = dict(commands())
FEATURE = "feature-x"
SLOT = "prod-v2"
SEEDED = "prod", "staging"
NO_ENGINE = "there is no engine in this test"
NO_SWITCH = "cannot begin: lag: ", "no rollback: ", "no replication of prod is known", "the only slot with tables"
"""Nothing was migrated here, and nothing switched."""


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
    slot = (tmp_path / "Pulumi.prod.yaml").read_text().replace("name: prod", f"name: {SLOT}")
    (tmp_path / f"Pulumi.{SLOT}.yaml").write_text(slot)
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
    for reader in (listing, show):
        monkeypatch.setattr(reader, "find_engine", lambda _: None)
    with patch.dict(os.environ, variables):
        _prepare(Moto(endpoint=moto_endpoint), DynamoDb(shared(), moto_endpoint), request.getfixturevalue("row"))
        yield record(monkeypatch)


@pytest.mark.parametrize("row", [row for row in ROWS if row.roles], ids=lambda row: row.line)
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
    recorder.on = True
    capsys.readouterr()

    code = _run(row.line)

    printed = capsys.readouterr()
    assert code in (0, 5) or any(reason in printed.err for reason in (NO_ENGINE, *NO_SWITCH)), printed
    slots = ("prod-v2",) if re.search("prod-v2|rollback|tail", row.line) else ()
    assert denied(recorder.calls, row.roles, slots) == []
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


def _no_engine(*_: object) -> Any:
    raise EngineUnavailableError(reasons=(NO_ENGINE,))


def _prepare(connection: Moto, dynamodb: DynamoDb, row: Row) -> None:
    """The tables of the environments that the row names; of two of them with items and a key."""
    make_control_table(connection)
    ControlTable(ControlItems.connect(connection)).write(record_of(FEATURE))
    ssm = shared().client("ssm", endpoint_url=connection.endpoint)
    with_tables = FEATURE in row.line and "destroy" not in row.line  # moto's account is not the embedded AWS's
    named = {environment for environment, _ in row.roles} | set(re.split(r"[\s/-]", row.line)) | {FEATURE}
    named |= {SLOT} if SLOT in row.line else set()
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
