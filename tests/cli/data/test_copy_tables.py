"""`data copy` and `data validate` against moto."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.data.group import data
from tee_infra.cli.envelope import ReportedError
from tee_infra.core.data.copy_policy import PlainCopyError, ProductionTargetError
from tee_infra.errors import PartialError, TeeInfraError, UsageError
from tests.support.commands import document
from tests.support.emulator import create_tables, everything, put

TABLE = "tee-admin"


@pytest.fixture(autouse=True)
def _shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dynamodb: DynamoDb) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL", dynamodb.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(data, arguments)


def result_of(done: Result, command: str) -> Any:
    return document(done.stdout, (command,), data)["result"]


def failed(done: Result, error: type[TeeInfraError]) -> bool:
    """Whether it was this, told on standard output as well."""
    assert isinstance(done.exception, ReportedError)
    assert json.loads(done.stdout)["error"]["code"] == error.code
    return isinstance(done.exception.error, error)


def items(*numbers: int) -> list[bytes]:
    return [f'{{"pk":{{"S":"MEMBER#{number}"}},"sk":{{"S":"PROFILE"}}}}'.encode() for number in numbers]


def test_copies_between_environments_and_prints_json_alone(dynamodb: DynamoDb) -> None:
    for environment in ("staging", "dev"):
        create_tables(dynamodb, environment)
    put(dynamodb, f"staging-{TABLE}", items(*range(60)))
    done = run("copy", "--from", "staging", "--to", "dev", "--tables", TABLE, "--yes", "--json")
    assert done.exit_code == 0
    facts = result_of(done, "copy")[TABLE]
    assert (facts["read"], facts["written"], facts["retried"], facts["validated"]) == (60, 60, 0, True)
    assert facts["seconds"] > 0
    assert facts["client_cpu_seconds"] > 0
    assert everything(dynamodb, f"dev-{TABLE}") == everything(dynamodb, f"staging-{TABLE}")


@pytest.mark.parametrize("transport", ["raw", "botocore"])
def test_copies_a_table_by_its_physical_name(dynamodb: DynamoDb, transport: str) -> None:
    create_tables(dynamodb, "staging")
    create_tables(dynamodb, "dev")
    put(dynamodb, f"staging-{TABLE}", items(1, 2))
    ends = ("--from", f"table:staging-{TABLE}", "--to", f"table:dev-{TABLE}")
    assert run("copy", *ends, "--yes", "--json", "--transport", transport).exit_code == 0
    compared = run("validate", *ends, "--json", "--transport", transport)
    assert compared.exit_code == 0
    assert result_of(compared, "validate")[f"staging-{TABLE}"]["equal"] is True


def test_where_and_limit_choose_items(dynamodb: DynamoDb) -> None:
    create_tables(dynamodb, "staging")
    create_tables(dynamodb, "dev")
    put(dynamodb, f"staging-{TABLE}", items(*range(30)))
    where = ("--where", "pk begins_with MEMBER#1")
    done = run("copy", "--from", "staging", "--to", "dev", "--tables", TABLE, *where, "--yes", "--json")
    facts = result_of(done, "copy")[TABLE]
    assert (facts["written"], facts["validated"]) == (11, True)
    done = run("copy", "--from", "staging", "--to", "dev", "--tables", TABLE, "--limit", "7", "--yes", "--json")
    facts = result_of(done, "copy")[TABLE]
    assert (facts["read"], facts["written"], facts["validated"]) == (7, 7, True)


def test_validate_says_what_differs_and_repairs_what_is_missing(dynamodb: DynamoDb) -> None:
    create_tables(dynamodb, "staging")
    create_tables(dynamodb, "dev")
    put(dynamodb, f"staging-{TABLE}", [*items(1, 2), b'{"pk":{"S":"x"},"sk":{"S":"y"},"m":{"M":{"a":{"N":"1"}}}}'])
    put(dynamodb, f"dev-{TABLE}", [*items(2, 3), b'{"pk":{"S":"x"},"sk":{"S":"y"},"m":{"M":{"a":{"N":"2"}}}}'])
    ends = ("--from", "staging", "--to", "dev", "--tables", TABLE)
    found = run("validate", *ends, "--json")
    assert failed(found, PartialError)
    facts = result_of(found, "validate")[TABLE]
    assert (facts["equal"], facts["missing"], facts["extra"], facts["different"]) == (False, 1, 1, 1)
    assert {entry["kind"]: entry["paths"] for entry in facts["differences"]}["different"] == ["m.M.a.N"]
    missing = next(entry["key"] for entry in facts["differences"] if entry["kind"] == "missing")
    assert missing == {"pk": {"S": "MEMBER#1"}, "sk": {"S": "PROFILE"}}
    repaired = result_of(run("validate", *ends, "--repair-missing", "--yes", "--json"), "validate")[TABLE]
    assert (repaired["repaired"], repaired["extra"], repaired["different"]) == (1, 1, 1)
    assert result_of(run("validate", *ends, "--json"), "validate")[TABLE]["missing"] == 0


@pytest.mark.parametrize(
    ("source", "target", "error"),
    [
        ("staging", "prod", ProductionTargetError),
        ("staging", "prod-v2", ProductionTargetError),
        ("dev", "table:tee-admin", ProductionTargetError),
        ("table:tee-admin", "dev", PlainCopyError),
        ("dev", "table:prod-tee-admin", ProductionTargetError),
        ("prod", "staging", PlainCopyError),
        ("table:prod-tee-admin", "dev", PlainCopyError),
    ],
)
def test_refuses_production(source: str, target: str, error: type[TeeInfraError]) -> None:
    done = run("copy", "--from", source, "--to", target, "--yes", "--json")
    assert failed(done, error)


def test_json_needs_yes_and_a_dry_run_writes_nothing(dynamodb: DynamoDb) -> None:
    create_tables(dynamodb, "staging")
    create_tables(dynamodb, "dev")
    put(dynamodb, f"staging-{TABLE}", items(1))
    assert failed(run("copy", "--from", "staging", "--to", "dev", "--json"), UsageError)
    done = run("copy", "--from", "staging", "--to", "dev", "--dry-run", "--json")
    assert result_of(done, "copy")[TABLE]["route"] == "wire"
    assert everything(dynamodb, f"dev-{TABLE}") == {}
