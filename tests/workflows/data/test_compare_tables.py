import json
import random
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.data.comparison import CompareOptions, Comparison
from tee_infra.workflows.data.compare_tables import compare_tables
from tests.support.services import connect, new_table
from tests.support.transfers import QUICK, contents, fill, side

OPTIONS = CompareOptions(backoff=QUICK)


def item(number: int, value: str = "1") -> bytes:
    return f'{{"pk":{{"S":"p{number % 7}"}},"sk":{{"S":"{number}"}},"m":{{"M":{{"n":{{"N":"{value}"}}}}}}}}'.encode()


def pair(dynamodb: DynamoDb, source: list[bytes], target: list[bytes]) -> tuple[str, str]:
    names = new_table(dynamodb), new_table(dynamodb)
    fill(dynamodb, names[0], source)
    fill(dynamodb, names[1], target)
    return names


def compare(dynamodb: DynamoDb, names: tuple[str, str], options: CompareOptions = OPTIONS) -> Comparison:
    return compare_tables(side(dynamodb, names[0]), side(dynamodb, names[1]), options)


def test_equal_tables_and_empty_ones(service: str) -> None:
    dynamodb = connect(service)
    found = compare(dynamodb, pair(dynamodb, [item(n) for n in range(50)], [item(n) for n in reversed(range(50))]))
    assert found.equal
    assert (found.source_items, found.target_items) == (50, 50)
    assert compare(dynamodb, pair(dynamodb, [], [])).equal


def test_spelling_is_no_difference(moto_endpoint: str) -> None:
    """moto keeps a number as it was written, DynamoDB does not."""
    dynamodb = connect(moto_endpoint)
    assert compare(dynamodb, pair(dynamodb, [item(1, "100")], [item(1, "1.00E2")])).equal


@pytest.mark.parametrize("seed", range(5))
def test_every_difference_is_found(service: str, seed: int) -> None:
    chance = random.Random(seed)
    dynamodb = connect(service)
    numbers = range(200)
    missing, different, extra = set(chance.sample(numbers, 9)), set(chance.sample(numbers, 9)), chance.randrange(5)
    target = [item(n, "2" if n in different else "1") for n in numbers if n not in missing]
    names = pair(dynamodb, [item(n) for n in numbers], [*target, *(item(1000 + n) for n in range(extra))])
    found = compare(dynamodb, names)
    assert (found.missing, found.extra, found.different) == (9, extra, len(different - missing))
    assert not found.equal
    paths = {entry.paths for entry in found.differences if entry.kind == "different"}
    assert paths <= {("m.M.n.N",)}


def test_tables_without_a_common_key(service: str) -> None:
    dynamodb = connect(service)
    found = compare(dynamodb, pair(dynamodb, [item(n) for n in range(70)], [item(n) for n in range(100, 130)]))
    assert (found.missing, found.extra, found.different) == (70, 30, 0)
    assert len(found.differences) == 50


def test_repair_puts_what_is_missing_and_nothing_else(service: str) -> None:
    dynamodb = connect(service)
    names = pair(dynamodb, [item(1), item(2)], [item(2, "7"), item(3)])
    found = compare(dynamodb, names, replace(OPTIONS, repair_missing=True))
    assert (found.missing, found.repaired, found.extra, found.different) == (1, 1, 1, 1)
    after = contents(dynamodb, names[1]).values()
    assert len(after) == 3
    assert any(b'"N":"7"' in value for value in after)


def test_a_transform_is_applied_to_the_source(service: str) -> None:
    dynamodb = connect(service)
    source, target = [item(n) for n in range(40)], [item(n, "9") for n in range(39)]

    def nines(items: Sequence[RawItem]) -> list[bytes]:
        return [item(int(json.loads(bytes(found))["sk"]["S"]), "9") for found in items]

    found = compare(dynamodb, pair(dynamodb, source, [*target, item(500)]), replace(OPTIONS, transform=nines))
    assert (found.missing, found.extra, found.different) == (1, 1, 0)


@pytest.mark.parametrize("repair", [False, True])
@pytest.mark.parametrize("transform", [None, list])
def test_expired_items_are_counted_apart_and_never_repaired(moto_endpoint: str, repair: bool, transform) -> None:
    dynamodb = connect(moto_endpoint)
    now = int(time.time())

    def expiring(number: int, at: int) -> bytes:
        return item(number).replace(b'"m":', b'"expiresAt":{"N":"%d"},"m":' % at)

    past, future, ancient = now - 60, now + 3600, now - 6 * 365 * 86400
    names = pair(
        dynamodb,
        [expiring(1, past), expiring(2, past), expiring(3, future), expiring(4, ancient), item(5)],
        [expiring(2, past), expiring(6, past), item(5)],
    )
    for name in names:
        lifetime = {"Enabled": True, "AttributeName": "expiresAt"}
        dynamodb.client.update_time_to_live(TableName=name, TimeToLiveSpecification=lifetime)
    found = compare(dynamodb, names, replace(OPTIONS, repair_missing=repair, transform=transform))
    assert (found.missing, found.different, found.repaired) == (2, 0, 2 if repair else 0)
    assert (found.extra, found.expired) == ((0, 2) if transform is None else (1, 1))
    shown = {json.loads(entry.key)["sk"]["S"] for entry in found.differences if entry.kind == "missing"}
    assert shown == {"3", "4"}
    assert any('"sk":{"S":"1"}' in key.decode().replace(" ", "") for key in contents(dynamodb, names[1])) is False


def test_tables_that_differ_by_expired_items_only_are_equal(moto_endpoint: str) -> None:
    dynamodb = connect(moto_endpoint)
    gone = item(1).replace(b'"m":', b'"expiresAt":{"N":"%d"},"m":' % (int(time.time()) - 60))
    for sides in (([gone, item(2)], [item(2)]), ([item(2)], [gone, item(2)])):
        names = pair(dynamodb, *sides)
        assert not compare(dynamodb, names).equal
        for name in names:
            lifetime = {"Enabled": True, "AttributeName": "expiresAt"}
            dynamodb.client.update_time_to_live(TableName=name, TimeToLiveSpecification=lifetime)
        found = compare(dynamodb, names)
        assert found.equal
        assert found.expired == 1
