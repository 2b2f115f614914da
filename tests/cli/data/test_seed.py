from collections.abc import Callable

from click.testing import Result

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.data.seed import seed
from tests.support.commands import json_of
from tests.support.emulator import create_tables, everything

Run = Callable[..., Result]


def test_an_environment_is_filled_and_filling_it_again_changes_nothing(dynamodb: DynamoDb, run: Run) -> None:
    tables = create_tables(dynamodb, "dev")
    arguments = ("dev", "--members", "12", "--seed", "42", "--json")
    facts = json_of(run, seed, *arguments)
    assert (facts["environment"], facts["members"], facts["day"]) == ("dev", 12, "2026-01-01")
    held = {name: everything(dynamodb, physical) for name, physical in tables.items()}
    assert {entry["table"]: entry["items"] for entry in facts["tables"]} == {name: len(held[name]) for name in tables}
    run(seed, *arguments)
    assert {name: everything(dynamodb, physical) for name, physical in tables.items()} == held


def test_people_see_the_target_first(dynamodb: DynamoDb, run: Run) -> None:
    create_tables(dynamodb, "dev")
    lines = run(seed, "dev", "--members", "2", "--day", "2027-06-01").stdout.splitlines()
    assert lines[0] == f"dev: embedded AWS at {dynamodb.endpoint}, us-east-1"
    assert lines[1] == "2 synthetic members, seed 42"
    assert any(line.startswith("dev-tee-schedules") for line in lines)
