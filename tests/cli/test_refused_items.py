"""An item that the target refuses, in every command that writes items: the rest is written, it is named, exit code 5.

A second run ends in the same way, and is whole once the target takes the item.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.responses import DynamoHandler

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.backup.portable import backup
from tee_infra.cli.data.group import data
from tee_infra.cli.envelope import ReportedError
from tests.support.commands import document
from tests.support.emulator import create_tables, everything, put

TABLE = "tee-admin"
REASON = "One or more parameter values were invalid: Type mismatch for Index Key at Expected: S Actual: N IndexName: x"


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make DynamoDB refuse these partition keys, as it does: the whole request, without saying which item."""
    refused: set[str] = set()

    def guard(handle: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def guarded(handler: Any) -> Any:
            body = handler.body
            writes = [write for writes in body.get("RequestItems", {}).values() for write in writes]
            items = [body["Item"]] if "Item" in body else [write["PutRequest"]["Item"] for write in writes]
            if any(item["pk"]["S"] in refused for item in items):
                raise MockValidationException(REASON)
            return handle(handler)

        return guarded

    for operation in ("put_item", "batch_write_item"):
        monkeypatch.setattr(DynamoHandler, operation, guard(getattr(DynamoHandler, operation)))

    def change(*keys: str) -> None:
        refused.clear()
        refused.update(keys)

    return change


def items(*numbers: int) -> list[bytes]:
    return [f'{{"pk":{{"S":"MEMBER#{number}"}},"sk":{{"S":"PROFILE"}}}}'.encode() for number in numbers]


def run(group: click.Group, *arguments: str) -> Result:
    return CliRunner().invoke(group, arguments)


def refused_by(group: click.Group, *arguments: str) -> list[dict[str, Any]]:
    """The refused items in the JSON of a command that ended with exit code 5."""
    done = run(group, *arguments, "--json")
    assert isinstance(done.exception, ReportedError), done.output
    assert done.exception.error.exit_code == 5, done.exception.error
    printed = document(done.stdout, arguments, group)
    assert "refused" in printed["error"]["message"]
    assert "MEMBER#" not in json.dumps(printed["error"])
    tables = printed["result"].get("tables", list(printed["result"].values()))
    return [item for table in tables for item in table["refused"]]


def named(*numbers: int) -> list[dict[str, Any]]:
    return [
        {
            "key": {"pk": {"S": f"MEMBER#{number}"}, "sk": {"S": "PROFILE"}},
            "aws_code": "ValidationException",
            "reason": REASON,
        }
        for number in numbers
    ]


def a_key(dynamodb: DynamoDb) -> str:
    """A partition key of dev."""
    return min(item["pk"]["S"] for item in everything(dynamodb, f"dev-{TABLE}").values())


def by_key(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda item: item["key"]["pk"]["S"])


@pytest.mark.parametrize("refused", [(7,), tuple(range(10, 60, 2))])
def test_a_copy(dynamodb: DynamoDb, refuse: Callable[..., None], refused: tuple[int, ...]) -> None:
    for environment in ("staging", "dev"):
        create_tables(dynamodb, environment)
    put(dynamodb, f"staging-{TABLE}", items(*range(60)))
    arguments = ("copy", "--from", "staging", "--to", "dev", "--tables", TABLE, "--yes")
    refuse(*(f"MEMBER#{number}" for number in refused))
    for more in ((), ("--resume",)):
        assert by_key(refused_by(data, *arguments, *more)) == by_key(named(*refused))
        assert len(everything(dynamodb, f"dev-{TABLE}")) == 60 - len(refused)
    refuse()
    assert run(data, *arguments, "--resume").exit_code == 0
    assert everything(dynamodb, f"dev-{TABLE}") == everything(dynamodb, f"staging-{TABLE}")


def test_people_see_a_short_list_with_the_reason(dynamodb: DynamoDb, refuse: Callable[..., None]) -> None:
    for environment in ("staging", "dev"):
        create_tables(dynamodb, environment)
    put(dynamodb, f"staging-{TABLE}", items(*range(60)))
    refuse(*(f"MEMBER#{number}" for number in range(30)))
    done = run(data, "copy", "--from", "staging", "--to", "dev", "--tables", TABLE, "--yes")
    lines = [line for line in done.stdout.splitlines() if line.startswith("  refused ")]
    assert len(lines) == 20
    assert all(line.endswith(f": ValidationException: {REASON}") for line in lines)
    assert "  and 10 more: --json lists all" in done.stdout


def test_a_repair(dynamodb: DynamoDb, refuse: Callable[..., None]) -> None:
    for environment in ("staging", "dev"):
        create_tables(dynamodb, environment)
    put(dynamodb, f"staging-{TABLE}", items(*range(30)))
    put(dynamodb, f"dev-{TABLE}", items(*range(20)))
    arguments = ("validate", "--from", "staging", "--to", "dev", "--tables", TABLE, "--repair-missing", "--yes")
    refuse("MEMBER#25")
    for _ in range(2):
        assert refused_by(data, *arguments) == named(25)
        assert len(everything(dynamodb, f"dev-{TABLE}")) == 29
    refuse()
    assert run(data, *arguments).exit_code == 0


def test_a_restore(dynamodb: DynamoDb, refuse: Callable[..., None], tmp_path: Path) -> None:
    create_tables(dynamodb, "dev")
    put(dynamodb, f"dev-{TABLE}", items(*range(30)))
    place = str(tmp_path / "backup")
    assert run(backup, "create", "dev", "--output", place).exit_code == 0
    arguments = ("restore", "dev", "--input", place, "--suffix=-again")
    refuse("MEMBER#3", "MEMBER#4")
    for _ in range(2):
        assert by_key(refused_by(backup, *arguments)) == named(3, 4)
        assert len(everything(dynamodb, f"dev-{TABLE}-again")) == 28
    refuse()
    assert run(backup, *arguments).exit_code == 0
    assert everything(dynamodb, f"dev-{TABLE}-again") == everything(dynamodb, f"dev-{TABLE}")


def test_seeding(dynamodb: DynamoDb, refuse: Callable[..., None]) -> None:
    create_tables(dynamodb, "dev")
    arguments = ("seed", "dev", "--members", "6")
    assert run(data, *arguments).exit_code == 0
    one = a_key(dynamodb)
    refuse(one)
    for _ in range(2):
        found = refused_by(data, *arguments)
        assert {item["key"]["pk"]["S"] for item in found} == {one}
        assert {item["reason"] for item in found} == {REASON}


def test_an_anonymized_copy(dynamodb: DynamoDb, refuse: Callable[..., None], tmp_path: Path) -> None:
    for environment in ("staging", "dev"):
        create_tables(dynamodb, environment)
    assert run(data, "seed", "staging", "--members", "4").exit_code == 0
    key = tmp_path / "key"
    key.write_text("k" * 44)
    key.chmod(0o600)
    arguments = ("sync-dev", "--from", "staging", "--anonymize", "--key-file", str(key), "--tables", TABLE, "--yes")
    done = run(data, *arguments)
    assert done.exit_code == 0, done.output
    one = a_key(dynamodb)
    refuse(one)
    found = refused_by(data, *arguments)
    assert {item["key"]["pk"]["S"] for item in found} == {one}  # the pseudonym, not the person
