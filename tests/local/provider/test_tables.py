"""Tables in detail: the order of AWS's calls, drift, protection, and what is left when AWS says no."""

import pytest
from pulumi.runtime.proto import provider_pb2

from tee_infra.local import EmbeddedAws
from tee_infra.local.provider.values import decode, encode
from tests.local.clients import client, make_table
from tests.local.provider.engine_side import EngineSide, RefusedError, Values, urn
from tests.local.provider.samples import TABLE, new_mark, table


@pytest.fixture
def made(engine: EngineSide) -> tuple[Values, str, Values]:
    inputs = engine.inputs(TABLE, table(new_mark()))
    return inputs, *engine.create(TABLE, inputs)


def test_the_table_is_as_the_program_says(running: EmbeddedAws, made: tuple[Values, str, Values]) -> None:
    dynamodb = client(running, "dynamodb")
    _, name, state = made
    live = dynamodb.describe_table(TableName=name)["Table"]
    assert [key["AttributeName"] for key in live["KeySchema"]] == ["pk", "sk"]
    assert live["GlobalSecondaryIndexes"][0]["Projection"] == {
        "ProjectionType": "INCLUDE",
        "NonKeyAttributes": ["a", "b"],
    }
    assert live["LocalSecondaryIndexes"][0]["IndexName"] == "local"
    assert dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["AttributeName"] == "expires_at"
    assert dynamodb.list_tags_of_resource(ResourceArn=state["arn"])["Tags"] == [{"Key": "tee:owner", "Value": "me"}]
    assert (state["streamArn"], state["tagsAll"]) == (live["LatestStreamArn"], {"tee:owner": "me"})


def test_indexes_change_one_call_at_a_time(
    running: EmbeddedAws, engine: EngineSide, made: tuple[Values, str, Values]
) -> None:
    inputs, name, state = made
    names = ("a", "b")
    indexes = [{"name": f"by-{key}", "hashKey": key, "projectionType": "KEYS_ONLY"} for key in names]
    attributes = [*inputs["attributes"], *({"name": key, "type": "S"} for key in names)]
    changed = engine.inputs(TABLE, inputs | {"globalSecondaryIndexes": indexes, "attributes": attributes}, inputs)
    state = engine.update(TABLE, name, state, changed)
    live = client(running, "dynamodb").describe_table(TableName=name)["Table"]
    assert [index["IndexName"] for index in live["GlobalSecondaryIndexes"]] == ["by-a", "by-b"]
    assert engine.diff(TABLE, name, state, changed).detailed == {}


def test_warm_throughput_that_a_migration_has_raised_is_no_drift(
    running: EmbeddedAws, engine: EngineSide, made: tuple[Values, str, Values]
) -> None:
    inputs, name, state = made
    dynamodb, raised = client(running, "dynamodb"), {"ReadUnitsPerSecond": 13_000}
    (index,) = dynamodb.describe_table(TableName=name)["Table"]["GlobalSecondaryIndexes"]
    dynamodb.update_table(
        TableName=name,
        WarmThroughput=raised,
        GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": index["IndexName"], "WarmThroughput": raised}}],
    )
    assert engine.read(TABLE, name, state, inputs) == (name, state, inputs)


def test_another_view_of_the_stream_is_another_stream(engine: EngineSide, made: tuple[Values, str, Values]) -> None:
    inputs, name, state = made
    changed = inputs | {"streamViewType": "KEYS_ONLY"}
    request = provider_pb2.UpdateRequest(
        urn=urn(TABLE), id=name, olds=encode(state), news=encode(changed), preview=True
    )
    previewed = decode(engine.call("Update", request).properties)
    assert repr(previewed["streamArn"]) == "UNKNOWN"
    assert previewed["arn"] == state["arn"]
    assert engine.update(TABLE, name, state, changed)["streamArn"] != state["streamArn"]


def test_protection_refuses_a_delete_in_aws_words(engine: EngineSide, made: tuple[Values, str, Values]) -> None:
    inputs, name, state = made
    protected = engine.update(TABLE, name, state, inputs | {"deletionProtectionEnabled": True})
    with pytest.raises(
        RefusedError, match="ValidationException: Resource cannot be deleted as it is currently protected"
    ):
        engine.delete(TABLE, name, protected | {"deletionProtectionEnabled": False})
    engine.delete(TABLE, name, engine.update(TABLE, name, protected, inputs))


def test_a_table_keeps_its_id_until_it_is_created_again(running: EmbeddedAws) -> None:
    dynamodb = client(running, "dynamodb")
    name = f"identity-{new_mark()}"

    def ids() -> list[str]:
        return [dynamodb.describe_table(TableName=known)["Table"]["TableId"] for known in (name, arn)]

    make_table(running, name)
    arn = dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
    first = ids()
    assert first == ids() == [first[0]] * 2
    dynamodb.delete_table(TableName=name)
    make_table(running, name)
    assert first[0] not in ids()


def test_a_table_takes_items_after_its_stream_was_switched_off(
    running: EmbeddedAws, made: tuple[Values, str, Values]
) -> None:
    dynamodb, name = client(running, "dynamodb"), made[1]
    dynamodb.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})
    item = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    dynamodb.put_item(TableName=name, Item=item)
    assert dynamodb.scan(TableName=name)["Items"] == [item]


def test_drift_is_seen(running: EmbeddedAws, engine: EngineSide, made: tuple[Values, str, Values]) -> None:
    inputs, name, state = made
    dynamodb = client(running, "dynamodb")
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=True)
    dynamodb.tag_resource(ResourceArn=state["arn"], Tags=[{"Key": "stray", "Value": "x"}])
    dynamodb.update_table(TableName=name, OnDemandThroughput={"MaxReadRequestUnits": 9, "MaxWriteRequestUnits": 5})
    dynamodb.update_table(TableName=name, TableClass="STANDARD_INFREQUENT_ACCESS")
    dynamodb.update_table(TableName=name, SSESpecification={"Enabled": True, "SSEType": "KMS"})
    _, live, read_inputs = engine.read(TABLE, name, state, inputs)
    assert live["tags"] == {"tee:owner": "me", "stray": "x"}
    assert (live["deletionProtectionEnabled"], read_inputs["deletionProtectionEnabled"]) == (True, True)
    assert live["serverSideEncryption"] == {"enabled": True}
    assert engine.diff(TABLE, name, live, inputs).detailed == {
        "deletionProtectionEnabled": "DELETE",
        "onDemandThroughput.maxReadRequestUnits": "UPDATE",
        "tableClass": "UPDATE",
        "tags.stray": "DELETE",
    }
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=name)
    assert engine.read(TABLE, name, state, inputs)[0] == ""


def test_a_name_that_exists_says_what_to_do(running: EmbeddedAws, engine: EngineSide) -> None:
    name = f"there-{new_mark()}"
    make_table(running, name)
    with pytest.raises(RefusedError, match=rf"Table already exists: {name}.*tee-infra repair ENV"):
        engine.create(TABLE, engine.inputs(TABLE, table("x") | {"name": name}))


def test_a_table_whose_ttl_failed_is_kept_as_incomplete_and_repaired(engine: EngineSide) -> None:
    inputs = engine.inputs(TABLE, table(new_mark()))
    with pytest.raises(RefusedError, match="completing DynamoDB Table") as refused:
        engine.create(TABLE, inputs | {"ttl": {"enabled": True}})
    left = refused.value.left
    assert left.id == inputs["name"]
    state = decode(left.properties)
    assert (state["ttl"]["enabled"], state["pointInTimeRecovery"]["enabled"]) == (False, False)
    state = engine.update(TABLE, left.id, state, inputs)
    assert engine.diff(TABLE, left.id, state, inputs).detailed == {}
    assert (state["ttl"]["enabled"], state["pointInTimeRecovery"]["enabled"]) == (True, True)


def test_caps_can_be_removed_with_minus_one_only(engine: EngineSide, made: tuple[Values, str, Values]) -> None:
    inputs, name, state = made
    uncapped = inputs | {"onDemandThroughput": {"maxReadRequestUnits": -1, "maxWriteRequestUnits": -1}}
    assert engine.diff(TABLE, name, state, uncapped).changed == {"onDemandThroughput"}
    state = engine.update(TABLE, name, state, uncapped)
    assert engine.diff(TABLE, name, state, uncapped).detailed == {}
