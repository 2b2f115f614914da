import json

import pytest

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.environments import parse_environment
from tee_infra.workflows.data.seed import SyntheticProductionError, seed_data
from tests.support.emulator import create_tables, everything

DEV = parse_environment("dev")


def nothing(_what: str, _items: int) -> None:
    pass


def test_every_table_gets_its_items_once_however_often_it_is_seeded(dynamodb: DynamoDb) -> None:
    tables = create_tables(dynamodb, "dev")
    seeded = [seed_data(dynamodb, DEV, tables, SyntheticData(42), 30, progress=nothing) for _ in range(2)]
    for name, physical in tables.items():
        expected = [json.loads(item) for item in SyntheticData(42).items(name, range(30))]
        assert everything(dynamodb, physical) == {item["pk"]["S"] + item["sk"]["S"]: item for item in expected}
        assert {table.items for run in seeded for table in run.tables if table.name == name} == {len(expected)}


def test_progress_tells_every_item(dynamodb: DynamoDb) -> None:
    tables = create_tables(dynamodb, "dev")
    told: list[int] = []
    seeded = seed_data(dynamodb, DEV, tables, SyntheticData(1), 300, progress=lambda _, items: told.append(items))
    assert sum(told) == sum(table.items for table in seeded.tables)
    assert len(told) == 6


@pytest.mark.parametrize("name", ["prod", "prod-v2"])
def test_production_gets_no_synthetic_items(dynamodb: DynamoDb, name: str) -> None:
    with pytest.raises(SyntheticProductionError, match=f"{name}: production never gets synthetic items"):
        seed_data(dynamodb, parse_environment(name), {}, SyntheticData(1), 1, progress=nothing)
