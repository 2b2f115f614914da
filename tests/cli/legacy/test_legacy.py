"""`tee-infra legacy` and `tee-infra archive` up to the point where the engine begins."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.root import root
from tee_infra.core.cutover.retirement import RetirementError
from tee_infra.core.tables.catalog import TABLES
from tee_infra.errors import RefusedError, UsageError
from tests.support.commands import json_of
from tests.support.emulator import create_tables
from tests.support.homes import Moto, make_control_table
from tests.support.retirement import consumed, replaced

BARE = [table.name for table in TABLES]
Run = Callable[..., Result]


@pytest.fixture
def items(dynamodb: DynamoDb) -> ControlItems:
    connection = Moto(endpoint=dynamodb.endpoint)
    make_control_table(connection)
    return ControlItems.connect(connection)


def used_long_ago(dynamodb: DynamoDb, slot: str) -> None:
    consumed(Moto().session().client("cloudwatch", endpoint_url=dynamodb.endpoint), slot)


def unmet(shown: Any) -> set[str]:
    return {each["name"] for each in shown["conditions"] if not each["holds"]}


def test_a_dry_run_of_an_adoption_says_what_tables_get_and_changes_nothing(
    dynamodb: DynamoDb, items: ControlItems, run: Run
) -> None:
    create_tables(dynamodb, "legacy")
    before = [dynamodb.client.describe_table(TableName=name)["Table"] for name in BARE]
    shown = json_of(run, root, "legacy", "adopt", "--dry-run", "--json")
    assert [table["table"] for table in shown["tables"]] == BARE
    assert shown["tables"][0]["protections"] == [
        "point-in-time recovery for 35 days",
        "deletion protection",
        "caps of 12,000 reads and 4,000 writes a second, for each index too",
    ]
    assert (shown["tables"][0]["max_read_units"], shown["counts"]) == (12_000, None)
    assert shown["tables"][1]["differences"] == ["ttl_attribute: expiresAt in the catalog, none live"]
    assert [dynamodb.client.describe_table(TableName=name)["Table"] for name in BARE] == before
    assert (shown["opens"], shown["pointer_kept"]) == (True, None)
    assert items.get("pointer#prod", "pointer")[0] is None
    assert "not changed: ttl_attribute" in run(root, "legacy", "adopt", "--dry-run").output


def test_an_adoption_of_tables_that_do_not_exist_is_refused(dynamodb: DynamoDb, items: ControlItems, run: Run) -> None:
    with pytest.raises(UsageError, match="there is no table tee-admin, tee-schedules, tee-sync-status"):
        run(root, "legacy", "adopt", "--dry-run")


@pytest.mark.parametrize("words", [("legacy", "adopt"), ("legacy", "cleanup"), ("archive", "prod-v1")])
def test_a_script_says_yes(dynamodb: DynamoDb, run: Run, words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="cannot ask"):
        run(root, *words, "--json")


def test_a_pointer_that_names_a_slot_and_a_prod_in_use_are_left_alone(
    dynamodb: DynamoDb, items: ControlItems, run: Run
) -> None:
    create_tables(dynamodb, "legacy")
    create_tables(dynamodb, "prod")
    words = "legacy", "adopt", "--dry-run", "--json"
    assert json_of(run, root, *words)["opens"]
    dynamodb.client.put_item(TableName="prod-tee-admin", Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
    kept = json_of(run, root, *words)["pointer_kept"]
    assert kept == "prod-tee-admin has items, so the app may use prod already"
    replaced(items, "legacy", "prod")
    assert json_of(run, root, *words)["pointer_kept"] == "it names prod (epoch 3)"


def test_an_adoption_asks(dynamodb: DynamoDb, items: ControlItems, run: Run) -> None:
    create_tables(dynamodb, "legacy")
    with pytest.raises(RefusedError, match="Nothing was changed"):
        run(root, "legacy", "adopt", typed="prod\n")


def test_the_migration_of_legacy_is_that_of_migrate(dynamodb: DynamoDb, items: ControlItems, run: Run) -> None:
    create_tables(dynamodb, "legacy")
    create_tables(dynamodb, "prod")
    shown = json_of(run, root, "legacy", "migrate", "--dry-run", "--json")
    assert shown == json_of(run, root, "migrate", "--from", "legacy", "--to", "prod", "--dry-run", "--json")
    assert (shown["source"], shown["target"]) == ("legacy", "prod")


def test_bare_tables_in_use_are_kept_with_a_list_of_reasons(dynamodb: DynamoDb, items: ControlItems, run: Run) -> None:
    create_tables(dynamodb, "legacy")
    shown = json_of(run, root, "legacy", "cleanup", "--dry-run", "--json")
    assert (shown["slot"], shown["tables"], shown["deleted"]) == ("legacy", BARE, False)
    assert unmet(shown) == {
        "managed", "pointer", "switch", "rollback window", "reads", "writes", "final backup",
    }  # fmt: skip
    with pytest.raises(RetirementError) as raised:
        run(root, "legacy", "cleanup", "--yes")
    assert {each["name"] for each in raised.value.conditions} == unmet(shown)
    assert len(dynamodb.client.list_tables()["TableNames"]) == 4


def test_an_archive_wants_the_stack_file_to_say_so_and_the_names_typed(
    dynamodb: DynamoDb, items: ControlItems, run: Run, tmp_path: Path
) -> None:
    tables = create_tables(dynamodb, "prod", Tags=[{"Key": "tee:stack", "Value": "tee-infra/prod"}])
    replaced(items, "prod", "prod-v2")
    used_long_ago(dynamodb, "prod")
    words = "archive", "prod-v1", "--output", "final"
    shown = json_of(run, root, *words, "--dry-run", "--json")
    assert (shown["slot"], shown["tables"], unmet(shown)) == ("prod", list(tables.values()), {"stack file"})
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text(file.read_text().replace("owner: platform", "owner: platform, archived: true"))
    assert unmet(json_of(run, root, *words, "--dry-run", "--json")) == set()
    assert unmet(json_of(run, root, *words, "--days", "60", "--dry-run", "--json")) == {"reads", "writes"}
    for typed in ("prod", "prod-v1", " ".join(list(tables.values())[:2])):
        with pytest.raises(RefusedError, match="Nothing was changed"):
            run(root, *words, typed=f"{typed}\n")
    assert not (tmp_path / "final").exists()
    assert len(dynamodb.client.list_tables()["TableNames"]) == 4


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("legacy", "are not archived"),
        ("dev", "only production has slots"),
        ("feature-x", "only production has slots"),
        ("prod-v0", "unknown"),
        ("prod-v02", "unknown"),
        ("prod-hotfix", "unknown"),
        ("", "unknown"),
    ],
)
def test_only_slots_of_production_are_archived(dynamodb: DynamoDb, run: Run, name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run(root, "archive", name, "--dry-run")


def test_a_name_of_two_slots_is_refused(dynamodb: DynamoDb, run: Run, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.prod-v1.yaml").write_text("config: {tee-infra:environment: {name: prod-v1, owner: platform}}\n")
    with pytest.raises(UsageError, match="as well"):
        run(root, "archive", "prod-v1", "--dry-run")
