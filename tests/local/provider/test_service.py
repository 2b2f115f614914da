"""What the engine asks of the provider as a whole."""

import json

import pytest
from pulumi.runtime.proto import provider_pb2

from tee_infra.local import EmbeddedAws
from tee_infra.local.provider.values import UNKNOWN, encode
from tests.local.provider.engine_side import EngineSide, RefusedError
from tests.local.provider.samples import TABLE, new_mark, table


def test_functions_answer(engine: EngineSide) -> None:
    assert engine.invoke("aws:index/getCallerIdentity:getCallerIdentity")["accountId"] == "000000000000"
    assert engine.invoke("aws:index/getRegion:getRegion")["region"] == "us-east-1"
    assert engine.invoke("aws:index/getRegion:getRegion", region="eu-west-1")["region"] == "eu-west-1"
    assert engine.invoke("aws:index/getPartition:getPartition")["partition"] == "aws"


@pytest.mark.parametrize("method", ["check", "create", "preview"])
def test_unknown_type_is_named(engine: EngineSide, method: str) -> None:
    with pytest.raises(RefusedError, match="does not support the resource type aws:sqs/queue:Queue"):
        getattr(engine, method)("aws:sqs/queue:Queue", {})


def test_unknown_function_is_named(engine: EngineSide) -> None:
    with pytest.raises(RefusedError, match="does not support the function aws:ec2/getVpc:getVpc"):
        engine.invoke("aws:ec2/getVpc:getVpc")


def test_another_account_and_a_foreign_endpoint_are_refused(running: EmbeddedAws) -> None:
    with pytest.raises(RefusedError, match=r"^AWS account ID not allowed: 000000000000$"):
        EngineSide(running, allowedAccountIds='["123456789012"]')
    with pytest.raises(RefusedError, match="loopback only"):
        EngineSide(running, endpoints=json.dumps([{"s3": "https://s3.amazonaws.com"}]))


def test_a_foreign_endpoint_is_refused_before_anything_is_configured(engine: EngineSide) -> None:
    news = encode({"endpoints": json.dumps([{"s3": "https://s3.amazonaws.com"}])})
    failures = engine.call("CheckConfig", provider_pb2.CheckRequest(news=news)).failures
    assert [failure.property for failure in failures] == ["endpoints[0].s3"]


def test_two_providers_at_once_keep_their_own_configuration(running: EmbeddedAws) -> None:
    one = EngineSide(running, defaultTags='{"tags": {"tee:owner": "one"}}')
    other = EngineSide(running, defaultTags='{"tags": {"tee:owner": "other"}}', region="eu-west-1")
    said = table(new_mark()) | {"tags": {}}
    made, state = other.create(TABLE, other.inputs(TABLE, said))
    assert one.inputs(TABLE, said)["tags"] == {"tee:owner": "one"}
    assert (state["tagsAll"], state["region"]) == ({"tee:owner": "other"}, "eu-west-1")
    assert state["arn"] == f"arn:aws:dynamodb:eu-west-1:000000000000:table/{made}"
    assert one.diff(TABLE, made, state, one.inputs(TABLE, said)).changed == {"tags"}
    assert one.read(TABLE, made, state, {})[0] == made, "the state's region goes before the provider's"


def test_another_region_is_another_provider(engine: EngineSide) -> None:
    request = provider_pb2.DiffRequest(
        old_inputs=encode({"region": "us-east-1", "defaultTags": "{}"}), news=encode({"region": "eu-west-1"})
    )
    response = engine.call("DiffConfig", request)
    assert (list(response.diffs), list(response.replaces)) == (["defaultTags", "region"], ["region"])


def test_version_is_the_sdks(engine: EngineSide) -> None:
    from google.protobuf.empty_pb2 import Empty

    assert engine.call("GetPluginInfo", Empty()).version == "7.51.1"


def test_unknown_values_are_previewed(engine: EngineSide) -> None:
    inputs = engine.inputs(TABLE, table("x") | {"name": UNKNOWN, "tags": UNKNOWN})
    previewed = engine.preview(TABLE, inputs)
    assert (previewed["name"], previewed["tags"], previewed["arn"]) == (UNKNOWN, UNKNOWN, UNKNOWN)
    assert engine.diff(TABLE, "x", table("x"), inputs).replaces == {"name"}


def test_a_mistake_of_ours_is_said_without_ending_the_process(engine: EngineSide) -> None:
    with pytest.raises(RefusedError, match=r"the embedded AWS failed \(KeyError\('name'\)\); see its log"):
        engine.create(TABLE, {})
    assert engine.invoke("aws:index/getPartition:getPartition")
