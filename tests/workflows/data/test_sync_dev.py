import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.codec.entities import entity_of
from tee_infra.core.codec.pseudonyms import Pseudonyms, derive_key
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.data.copy_policy import PlainCopyError, ProductionTargetError, copy_side
from tee_infra.core.tables.catalog import TABLES
from tee_infra.core.tables.item_shapes import Personal, classifications
from tee_infra.errors import UsageError
from tee_infra.workflows.data.anonymize_report import UnclassifiedAttributesError, report_table
from tee_infra.workflows.data.copy_environment import prepare_copy, run_copy
from tee_infra.workflows.data.copy_table import CopyResult
from tee_infra.workflows.data.sync_dev import SubsetOptions
from tee_infra.workflows.data.table_io import TableAccess
from tests.support.emulator import create_tables, everything, put

KEY = derive_key("an example key that is long enough")
ENDS = (copy_side("prod"), copy_side("dev"))
MEMBERS = 16


@pytest.fixture
def environments(dynamodb: DynamoDb) -> DynamoDb:
    for name, physical in create_tables(dynamodb, "prod").items():
        put(dynamodb, physical, SyntheticData(7).items(name, range(MEMBERS)))
    create_tables(dynamodb, "dev")
    return dynamodb


def run(dynamodb: DynamoDb, tmp_path: Path, **choice: Any) -> list[CopyResult]:
    plan = prepare_copy(dynamodb, dynamodb, ENDS, (), choice=SubsetOptions(**{"key": KEY} | choice))
    return run_copy(
        dynamodb, dynamodb, plan, tmp_path / "checkpoint", resume=False, transport=None, report=lambda *_: None
    )


def held(dynamodb: DynamoDb, environment: str) -> dict[str, list[dict]]:
    return {table.name: list(everything(dynamodb, f"{environment}-{table.name}").values()) for table in TABLES}


def test_no_personal_value_of_the_source_is_anywhere_in_the_target(environments: DynamoDb, tmp_path: Path) -> None:
    run(environments, tmp_path)
    target = json.dumps(held(environments, "dev"), ensure_ascii=False)
    for table in TABLES:
        kinds = classifications(table.item)
        for item in everything(environments, f"prod-{table.name}").values():
            for name, value in item.items():
                # A date alone tells about nobody: the next test is about whose it is.
                if isinstance(kinds[name], Personal) and kinds[name] is not Personal.DATE:
                    assert entity_of(value["S"]) not in target, name


def test_nobody_keeps_a_date(environments: DynamoDb, tmp_path: Path) -> None:
    run(environments, tmp_path)
    pseudonym = Pseudonyms(KEY).replacements[Personal.IDENTIFIER]
    joined = {item["pk"]["S"]: item["joinedOn"]["S"] for item in held(environments, "dev")["tee-admin"]}
    for item in held(environments, "prod")["tee-admin"]:
        moved = date.fromisoformat(joined[pseudonym(item["pk"]["S"], "")]) - date.fromisoformat(item["joinedOn"]["S"])
        assert 1 <= abs(moved.days) <= 180


def test_members_are_joinable_as_before(environments: DynamoDb, tmp_path: Path) -> None:
    run(environments, tmp_path)

    def bookings_per_member(environment: str) -> list[tuple[int, int]]:
        found = held(environments, environment)
        return sorted(
            tuple(
                sum(item["memberId"] == member["memberId"] and item["pk"] == member["pk"] for item in found[table])
                for table in ("tee-schedules", "tee-sync-status")
            )
            for member in found["tee-admin"]
        )

    assert bookings_per_member("dev") == bookings_per_member("prod")


def test_the_report_lists_every_rule_with_its_count(environments: DynamoDb, tmp_path: Path) -> None:
    for table in run(environments, tmp_path):
        rules = {rule.attribute: rule for rule in table.rules}
        assert rules["pk"].count == rules["memberId"].count == table.read == table.written
        assert rules["pk"].becomes.startswith("pseudonym")
        assert rules["sk"].becomes == "kept"
        assert table.validated


def test_counts_are_of_the_copy_even_when_validation_reads_again(environments: DynamoDb, tmp_path: Path) -> None:
    put(environments, "dev-tee-admin", SyntheticData(8).items("tee-admin", range(3)))
    admin = run(environments, tmp_path)[0]
    assert {rule.count for rule in admin.rules if rule.attribute == "pk"} == {MEMBERS}
    assert (admin.validated, admin.extra) == (True, 3)


def test_the_same_key_gives_the_same_copy_again(environments: DynamoDb, tmp_path: Path) -> None:
    run(environments, tmp_path)
    once = held(environments, "dev")
    assert all(table.validated and table.extra == 0 for table in run(environments, tmp_path))
    assert held(environments, "dev") == once


@pytest.mark.parametrize(("choice", "members"), [({"fraction": 0.5}, range(3, 14)), ({"members": 7}, range(7, 8))])
def test_a_subset_is_of_the_same_people_in_every_table(
    environments: DynamoDb, tmp_path: Path, choice: dict, members: range
) -> None:
    run(environments, tmp_path, **choice)
    found = held(environments, "dev")
    people = {item["pk"]["S"] for item in found["tee-admin"]}
    assert len(people) in members
    for table in ("tee-schedules", "tee-sync-status"):
        assert {item["pk"]["S"] for item in found[table]} <= people
    assert {item["pk"]["S"] for item in found["tee-sync-status"]} == people  # each of them has at least one


def test_a_plain_subset_leaves_items_as_they_are(dynamodb: DynamoDb, tmp_path: Path) -> None:
    for name, physical in create_tables(dynamodb, "staging").items():
        put(dynamodb, physical, SyntheticData(7).items(name, range(20)))
    create_tables(dynamodb, "dev")
    plan = prepare_copy(
        dynamodb, dynamodb, (copy_side("staging"), copy_side("dev")), (), choice=SubsetOptions(key=None, members=5)
    )
    synced = run_copy(
        dynamodb, dynamodb, plan, tmp_path / "checkpoint", resume=False, transport=None, report=lambda *_: None
    )
    copied = everything(dynamodb, "dev-tee-admin")
    assert len(copied) == synced[0].written == 5
    assert copied.items() <= everything(dynamodb, "staging-tee-admin").items()


def test_unclassified_attributes_are_all_named_before_anything_is_written(environments: DynamoDb) -> None:
    for table, sk, attribute in (("tee-admin", "PROFILE", "nickname"), ("tee-schedules", "Annie", "caddie")):
        item = {"pk": {"S": "MEMBER#x"}, "sk": {"S": sk}, attribute: {"M": {"first": {"S": "Annie"}}}}
        put(environments, f"prod-{table}", [json.dumps(item).encode()])
    with pytest.raises(UnclassifiedAttributesError) as caught:
        prepare_copy(environments, environments, ENDS, (), choice=SubsetOptions(key=KEY))
    assert caught.value.attributes == [
        "tee-admin.nickname (M)",
        "tee-schedules.sk (S in another form)",
        "tee-schedules.caddie (M)",
    ]
    assert "Annie" not in str(caught.value)
    assert held(environments, "dev") == {table.name: [] for table in TABLES}


def test_production_is_never_copied_plainly_nor_onto(environments: DynamoDb) -> None:
    with pytest.raises(PlainCopyError):
        prepare_copy(environments, environments, ENDS, (), choice=SubsetOptions(key=None, fraction=0.1))
    with pytest.raises(ProductionTargetError):
        prepare_copy(
            environments, environments, (copy_side("dev"), copy_side("prod")), (), choice=SubsetOptions(key=KEY)
        )


def test_people_are_counted_in_an_environment_only(environments: DynamoDb) -> None:
    ends = (copy_side("table:prod-tee-schedules"), copy_side("dev"))
    with pytest.raises(UsageError, match="--members: counts the members in tee-admin"):
        prepare_copy(environments, environments, ends, (), choice=SubsetOptions(key=KEY, members=3))


def test_the_report_reads_no_more_than_its_sample(environments: DynamoDb) -> None:
    side = TableAccess(environments.transport(), environments.table("prod-tee-admin"))
    found = {entry.attribute: entry for entry in report_table("tee-admin", side, sample=10)}
    assert found["pk"].seen == {"S": 10}
    with pytest.raises(UsageError, match="table 'other': not in the catalog"):
        report_table("other", side)
