"""What a new slot's table lacks of the old one's is a difference, and so is each member that nobody knows."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import botocore.session
import pytest

from tee_infra.core.cutover.preflight_facts import WarmThroughput
from tee_infra.core.cutover.same_tables import Observed, differences, says_warm_throughput, warm_throughput

INDEX: dict[str, Any] = {
    "IndexName": "by-date",
    "KeySchema": [{"AttributeName": "date", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a"]},
    "IndexStatus": "ACTIVE",
    "WarmThroughput": {"ReadUnitsPerSecond": 9, "WriteUnitsPerSecond": 8, "Status": "ACTIVE"},
}
TABLE: dict[str, Any] = {
    "TableName": "prod-tee-admin",
    "TableStatus": "ACTIVE",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "date")],
    "GlobalSecondaryIndexes": [INDEX],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    "DeletionProtectionEnabled": True,
    "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
    "OnDemandThroughput": {"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": -1},
    "SSEDescription": {"SSEType": "KMS", "KMSMasterKeyArn": "one"},
    "WarmThroughput": {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000, "Status": "ACTIVE"},
    "ItemCount": 7,
}
OLD = Observed(described=TABLE, ttl_attribute="expiresAt", destinations=frozenset({"audit"}), has_policy=True)


def changed(**members: Any) -> Observed:
    """None leaves a member out."""
    table = {name: value for name, value in (deepcopy(TABLE) | members).items() if value is not None}
    return replace(OLD, described=table)


def index(**members: Any) -> Observed:
    return changed(GlobalSecondaryIndexes=[INDEX | members])


LESS = {
    "KeySchema": changed(KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}]),
    "AttributeDefinitions": changed(AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "N"}]),
    "GlobalSecondaryIndexes": changed(GlobalSecondaryIndexes=[]),
    "index key": index(KeySchema=[{"AttributeName": "day", "KeyType": "HASH"}]),
    "index projection": index(Projection={"ProjectionType": "INCLUDE", "NonKeyAttributes": ["b"]}),
    "index keys only": index(Projection={"ProjectionType": "KEYS_ONLY"}),
    "index limit": index(OnDemandThroughput={"MaxReadRequestUnits": 5}),
    "stream": changed(StreamSpecification=None),
    "stream view": changed(StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}),
    "protection": changed(DeletionProtectionEnabled=False),
    "provisioned": changed(ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}),
    "on demand": changed(OnDemandThroughput={"MaxReadRequestUnits": 99}),
    "a limit that the source does not have": changed(
        OnDemandThroughput={"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 100}
    ),
    "encryption": changed(SSEDescription=None),
    "replicas": changed(Replicas=[{"RegionName": "eu-west-1"}]),
    "vectors": changed(VectorIndexes=[{"IndexName": "v"}]),
    "creating": changed(TableStatus="CREATING"),
    "backfilling": index(IndexStatus="CREATING"),
    "a member of tomorrow": changed(Tomorrow=1),
    "a member of an index of tomorrow": index(Tomorrow=1),
    "ttl": replace(OLD, ttl_attribute="until"),
    "destination": replace(OLD, destinations=frozenset()),
    "policy": replace(OLD, has_policy=False),
}


@pytest.mark.parametrize("name", LESS)
def test_what_the_target_lacks_or_nobody_knows_is_a_difference(name: str) -> None:
    assert differences(OLD, LESS[name])


MORE = {
    "the same": OLD,
    "names and counts": changed(TableName="prod-v2-tee-admin", ItemCount=0, TableId="x", LatestStreamArn="y"),
    "an index": changed(GlobalSecondaryIndexes=[INDEX, INDEX | {"IndexName": "by-day"}]),
    "a projection": index(Projection={"ProjectionType": "ALL"}),
    "no limit": changed(OnDemandThroughput=None),
    "a key of its own": changed(SSEDescription={"SSEType": "KMS", "KMSMasterKeyArn": "two"}),
    "ttl that is enabled after the switch": replace(OLD, ttl_attribute=None),
    "a destination": replace(OLD, destinations=frozenset({"audit", "more"})),
}


@pytest.mark.parametrize("name", MORE)
def test_more_than_the_source_has_is_no_difference(name: str) -> None:
    assert differences(OLD, MORE[name]) == ()


def test_ttl_that_only_the_target_has_would_delete_items() -> None:
    assert differences(replace(OLD, ttl_attribute=None), OLD) == ("TimeToLive",)


def test_every_member_of_todays_describe_table_is_known() -> None:
    shapes = botocore.session.get_session().get_service_model("dynamodb")
    table = dict.fromkeys(shapes.shape_for("TableDescription").members)
    part = dict.fromkeys(shapes.shape_for("GlobalSecondaryIndexDescription").members)
    full = replace(OLD, described=table | TABLE | {"GlobalSecondaryIndexes": [part | INDEX]})
    assert differences(full, full) == ()


def test_warm_throughput_is_unknown_where_only_one_table_has_it() -> None:
    bare = {name: value for name, value in TABLE.items() if name != "WarmThroughput"}
    known = says_warm_throughput(TABLE, bare)
    assert known
    assert "t" not in warm_throughput("t", bare, known=known)
    assert warm_throughput("t", TABLE, known=known) == {
        "t": WarmThroughput(reads=12_000, writes=4_000),
        "t/by-date": WarmThroughput(reads=9, writes=8),
    }


def test_an_emulator_without_warm_throughput_has_none_to_compare() -> None:
    bare = {name: value for name, value in TABLE.items() if name not in ("WarmThroughput", "GlobalSecondaryIndexes")}
    assert not says_warm_throughput(bare, bare)
    assert warm_throughput("t", bare, known=False) == {"t": WarmThroughput(reads=0, writes=0)}
