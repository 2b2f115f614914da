import json
from typing import Any

import pytest

from tee_infra.local.provider.configuration import ConfigurationRefusedError, configure, endpoint_failures


def test_region_and_default_tags_are_taken() -> None:
    configuration = configure({"region": "eu-west-1", "defaultTags": '{"tags": {"tee:owner": "me"}}'})
    assert (configuration.region, configuration.default_tags) == ("eu-west-1", {"tee:owner": "me"})


def test_nothing_configured_is_the_embedded_region() -> None:
    assert configure({}).region == "us-east-1"


@pytest.mark.parametrize(
    "given", [{"allowedAccountIds": '["000000000000"]'}, {"forbiddenAccountIds": '["1"]'}, {"allowedAccountIds": "[]"}]
)
def test_the_embedded_account_may_be_used(given: dict[str, Any]) -> None:
    configure(given)


@pytest.mark.parametrize(
    "given", [{"allowedAccountIds": '["123456789012"]'}, {"forbiddenAccountIds": '["000000000000"]'}]
)
def test_another_account_is_refused_as_the_real_provider_does(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationRefusedError, match=r"^AWS account ID not allowed: 000000000000$"):
        configure(given)


@pytest.mark.parametrize("url", ["http://127.0.0.1:4580", "http://localhost:1", "http://[::1]:2", "127.0.0.1:3"])
def test_loopback_endpoints_pass(url: str) -> None:
    assert endpoint_failures({"endpoints": json.dumps([{"dynamodb": url}])}) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://dynamodb.us-east-1.amazonaws.com",
        "http://10.0.0.1:4580",
        "http://127.0.0.1.example.com",
        "",
        "http://0.0.0.0",
    ],
)
def test_any_other_endpoint_is_refused(url: str) -> None:
    given = {"endpoints": json.dumps([{"s3": "http://127.0.0.1:1", "dynamodb": url}])}
    assert [failure.path for failure in endpoint_failures(given)] == ["endpoints[0].dynamodb"]
    with pytest.raises(ConfigurationRefusedError, match="loopback only"):
        configure(given)
