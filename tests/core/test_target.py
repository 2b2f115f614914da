from typing import Any

import pytest

from tee_infra.core.environments import parse_environment
from tee_infra.core.settings import Settings, settings_for
from tee_infra.core.target import (
    EMBEDDED_ACCOUNT_ID,
    AwsTarget,
    HalfEmbeddedError,
    NoTargetError,
    choose_target,
    is_aws,
    is_endpoint,
    is_loopback,
)
from tee_infra.errors import RefusedError, UsageError

ACCOUNT = "123456789012"
EMBEDDED = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "PULUMI_DEBUG_PROVIDERS": "aws:5001"}


def settings(**overrides: Any) -> Settings:
    config = {"name": "dev", "owner": "platform", "repository": "acme/tee-admin", **overrides}
    return settings_for(parse_environment("dev"), config)


def test_a_named_account_is_the_target() -> None:
    target = choose_target(settings(account_id=ACCOUNT), {})

    assert target == AwsTarget(account_id=ACCOUNT, region="us-east-1", environment="dev")
    assert not target.embedded
    assert target.describe() == f"AWS account {ACCOUNT}"


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:4566", "http://localhost:4566", "http://[::1]:4566"])
def test_without_an_account_it_is_the_embedded_aws_of_the_shell(endpoint: str) -> None:
    target = choose_target(settings(), EMBEDDED | {"AWS_ENDPOINT_URL": endpoint})

    assert (target.account_id, target.endpoint, target.provider_port) == (EMBEDDED_ACCOUNT_ID, endpoint, 5001)
    assert target.describe() == f"embedded AWS at {endpoint}"


def test_other_attached_providers_are_passed_over() -> None:
    environ = EMBEDDED | {"PULUMI_DEBUG_PROVIDERS": "random:1, aws:5002"}

    assert choose_target(settings(), environ).provider_port == 5002


def test_a_named_account_is_held_to_in_a_shell_with_the_embedded_aws() -> None:
    """Its provider then refuses, because it is another account."""
    assert choose_target(settings(account_id=ACCOUNT), EMBEDDED).account_id == ACCOUNT


def test_with_neither_it_refuses_and_says_both_ways_on() -> None:
    with pytest.raises(NoTargetError) as raised:
        choose_target(settings(), {})

    assert isinstance(raised.value, RefusedError)
    assert "environment.account_id in Pulumi.dev.yaml" in str(raised.value)
    assert 'eval "$(tee-infra local env)"' in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("environ", "account_id"),
    [
        ({"PULUMI_DEBUG_PROVIDERS": "aws:5001"}, None),
        ({"PULUMI_DEBUG_PROVIDERS": "aws:5001"}, ACCOUNT),
        ({"PULUMI_DEBUG_PROVIDERS": "aws:5001", "AWS_ENDPOINT_URL": "https://dynamodb.us-east-1.amazonaws.com"}, None),
        ({"PULUMI_DEBUG_PROVIDERS": "aws:5001", "AWS_ENDPOINT_URL": "http://127.0.0.1.example.com"}, None),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, ACCOUNT),
    ],
)
def test_half_an_embedded_aws_is_refused(environ: dict[str, str], account_id: str | None) -> None:
    with pytest.raises(HalfEmbeddedError) as raised:
        choose_target(settings(account_id=account_id), environ)

    assert isinstance(raised.value, UsageError)


@pytest.mark.parametrize("providers", ["aws", "aws:", "aws:port", "aws:²", "aws-native:5001", ""])
def test_what_is_no_port_is_no_embedded_aws(providers: str) -> None:
    with pytest.raises(NoTargetError):
        choose_target(settings(), {"PULUMI_DEBUG_PROVIDERS": providers})


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000",
        "https://dynamodb.us-east-1.amazonaws.com/",
        "http://[::1]:8000",
        "HTTP://x",
        "http://x/a/b-c",
    ],
)
def test_an_endpoint_is_an_address_of_a_server(url: str) -> None:
    assert is_endpoint(url)


@pytest.mark.parametrize(
    "url",
    [
        "", "file", "127.0.0.1:8000", "ftp://x", "http://", "http://:80", "http://a b", "http://[::1", "http://é",
        "http://x:99999", "http://x:port", "http://x:0", "http://user:word@x", "http://x?y", "http://x#y",
        "http://x/a b", "http://x/\n", "http://x\x07", "\udcff", "http://x:1:2", "http:///x", "//x",
    ],
)  # fmt: skip
def test_nothing_else_is_an_endpoint(url: str) -> None:
    assert not is_endpoint(url)


@pytest.mark.parametrize("url", ["http://[::1", "://", "http://[", "\udcff", "http://a]b"])
def test_what_is_no_address_is_neither_aws_nor_this_machine(url: str) -> None:
    assert not is_aws("dynamodb", url)
    assert not is_loopback(url)
