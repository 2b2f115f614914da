"""What a table is decides on both ends of each command that moves items: production, and one table by two names."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.backup.portable import backup
from tee_infra.cli.data.group import data
from tee_infra.cli.envelope import ReportedError
from tee_infra.core.data.copy_policy import PlainCopyError, ProductionTargetError, SameTableError
from tee_infra.errors import TeeInfraError, UsageError
from tee_infra.workflows.data.seed import SyntheticProductionError
from tests.support.commands import document
from tests.support.emulator import create_tables, everything, put

ITEM = b'{"pk":{"S":"MEMBER#1"},"sk":{"S":"PROFILE"},"email":{"S":"ann@example.org"}}'
CHOSEN = ("--tables", "tee-admin")
PROD_TAG = [{"Key": "tee:environment", "Value": "prod"}]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(backup if arguments[0] == "restore" else data, arguments)


def refusal(done: Result, error: type[TeeInfraError]) -> str:
    assert isinstance(done.exception, ReportedError), done.output
    assert isinstance(done.exception.error, error), done.exception.error
    return str(json.loads(done.stdout)["error"]["message"])


def create(dynamodb: DynamoDb, name: str, **more: Any) -> str:
    """One table with the keys of the catalog's; its ARN."""
    keys = [{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")]
    schema = [{"AttributeName": key, "KeyType": kind} for key, kind in (("pk", "HASH"), ("sk", "RANGE"))]
    made = dynamodb.client.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=keys, KeySchema=schema, **more
    )
    return str(made["TableDescription"]["TableArn"])


@pytest.fixture(params=["arn", "suffix", "spelling", "tags", "legacy", "open"])
def production(request: pytest.FixtureRequest, dynamodb: DynamoDb) -> str:
    """A production table with an item, as a person may name it; dev's tables exist too."""
    create_tables(dynamodb, "dev")
    name = {
        "suffix": "prod-tee-admin-restored", "spelling": "PROD_Tee.Admin", "tags": "people", "legacy": "tee-admin",
        "open": "old-tee-admin",
    }.get(request.param, "prod-tee-admin")  # fmt: skip
    arn = create(dynamodb, name, **({"Tags": PROD_TAG} if request.param == "tags" else {}))
    put(dynamodb, name, [ITEM])
    return f"table:{arn}" if request.param == "arn" else f"table:{name}"


def test_nothing_writes_to_production_however_it_is_named(dynamodb: DynamoDb, production: str) -> None:
    put(dynamodb, "dev-tee-admin", [ITEM.replace(b"#1", b"#2")])
    ends = ("--from", "dev", "--to", production, *CHOSEN, "--yes", "--json")
    for command in (("copy", *ends), ("validate", "--repair-missing", *ends), ("sync-dev", *ends)):
        assert "production" in refusal(run(*command), ProductionTargetError)
    name = production.rpartition("/")[2].removeprefix("table:")
    assert list(everything(dynamodb, name)) == ["MEMBER#1PROFILE"]


def test_nothing_leaves_production_plainly_however_it_is_named(dynamodb: DynamoDb, production: str) -> None:
    ends = ("--from", production, "--to", "dev", *CHOSEN, "--yes", "--json")
    for command in (("copy", *ends), ("validate", "--repair-missing", *ends), ("sync-dev", *ends)):
        assert "production" in refusal(run(*command), PlainCopyError)
    assert everything(dynamodb, "dev-tee-admin") == {}


def test_an_environment_whose_tables_are_tagged_as_production_is_one(dynamodb: DynamoDb) -> None:
    create_tables(dynamodb, "dev", Tags=PROD_TAG)
    create_tables(dynamodb, "staging")
    put(dynamodb, "dev-tee-admin", [ITEM])
    assert "its tag" in refusal(
        run("copy", "--from", "staging", "--to", "dev", "--yes", "--json"), ProductionTargetError
    )
    assert "its tag" in refusal(run("copy", "--from", "dev", "--to", "staging", "--yes", "--json"), PlainCopyError)
    assert "its tag" in refusal(run("seed", "dev", "--json"), SyntheticProductionError)
    assert len(everything(dynamodb, "dev-tee-admin")) == 1


@pytest.mark.parametrize("command", ["copy", "sync-dev", "validate"])
@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("dev", "dev"),
        ("dev", "development"),
        ("dev", "table:dev-tee-admin"),
        ("table:{arn}", "dev"),
        ("table:dev-tee-admin", "table:{arn}"),
        ("table:dev-tee-admin", "table:dev-tee-admin"),
    ],
)
def test_a_table_is_neither_copied_onto_itself_nor_compared_with_itself(
    dynamodb: DynamoDb, command: str, source: str, target: str
) -> None:
    create_tables(dynamodb, "dev")
    arn = dynamodb.table("dev-tee-admin").arn
    chosen = () if source.startswith("table:") and target.startswith("table:") else CHOSEN
    yes = () if command == "validate" else ("--yes",)
    ends = ("--from", source.format(arn=arn), "--to", target.format(arn=arn))
    assert "both lead to" in refusal(run(command, *ends, *chosen, *yes, "--json"), SameTableError)


def test_sync_dev_of_dev_has_the_same_target_by_default() -> None:
    assert "both lead to" in refusal(run("sync-dev", "--anonymize", "--from", "dev", "--yes", "--json"), SameTableError)


@pytest.mark.parametrize(
    "named",
    [
        "table:arn:aws:dynamodb:us-east-1:999999999999:table/dev-tee-admin",
        "table:arn:aws:dynamodb:eu-west-1:{account}:table/dev-tee-admin",
        "table:{arn}/index/by-date",
        "table:{arn}/stream/2026",
        "table:",
        "table:a b",
        "table:../x",
    ],
)
@pytest.mark.parametrize("reverse", [False, True])
def test_an_arn_of_another_place_never_leads_to_the_table_of_that_name_here(
    dynamodb: DynamoDb, named: str, reverse: bool
) -> None:
    create_tables(dynamodb, "dev")
    create_tables(dynamodb, "staging")
    arn = dynamodb.table("dev-tee-admin").arn
    ends = [named.format(arn=arn, account=arn.split(":")[4]), "staging"]
    source, target = reversed(ends) if reverse else ends
    done = run("copy", "--from", source, "--to", target, *CHOSEN, "--yes", "--json")
    assert "Nothing was read" in refusal(done, UsageError)


@pytest.mark.parametrize("by_arn", [False, True])
def test_a_scratch_table_is_copied_both_ways_by_name_and_by_arn(dynamodb: DynamoDb, by_arn: bool) -> None:
    create_tables(dynamodb, "dev")
    put(dynamodb, "dev-tee-admin", [ITEM])
    arn = create(dynamodb, "scratch")
    scratch = f"table:{arn}" if by_arn else "table:scratch"
    for ends in (("--from", "dev", "--to", scratch), ("--from", scratch, "--to", "dev")):
        done = run("copy", *ends, *CHOSEN, "--yes", "--json")
        assert done.exit_code == 0, done.output
        copied = document(done.stdout, ("copy",), data)["result"]["tee-admin"]
        assert {copied["source"]["arn"], copied["target"]["arn"]} == {arn, dynamodb.table("dev-tee-admin").arn}
    assert len(everything(dynamodb, "scratch")) == 1


def test_dev_is_not_restored_into_production(dynamodb: DynamoDb, tmp_path: Path) -> None:
    create_tables(dynamodb, "dev")
    create_tables(dynamodb, "prod")
    put(dynamodb, "dev-tee-admin", [ITEM])
    place = str(tmp_path / "b")
    assert CliRunner().invoke(backup, ["create", "dev", "--output", place, "--json"]).exit_code == 0
    for suffix in ("", "-new"):
        done = run("restore", "prod", "--input", place, *CHOSEN, f"--suffix={suffix}", "--json")
        assert "only a backup of production's own table" in refusal(done, TeeInfraError)
    assert everything(dynamodb, "prod-tee-admin") == {}
