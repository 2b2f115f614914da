"""What a run starts from: the wrong things, each one clean line."""

import json
import socket
from typing import Any

import pulumi
import pytest

from tests.support.recording import PROJECT, Run, record

KEY = f"{PROJECT}:environment"


def refused(stack: str = "dev", **arguments: Any) -> str:
    with pytest.raises(pulumi.RunError) as raised:
        record(stack, **arguments)
    assert raised.value.__cause__ is None
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_stack_that_is_no_environment() -> None:
    assert "unknown stack 'prod-hotfix'" in refused("prod-hotfix")


def test_no_configuration() -> None:
    assert f"config has no {KEY}" in refused(config={})


@pytest.mark.parametrize("text", ["dev", '"dev"', "[1]", "3", "{name: dev"])
def test_configuration_that_is_no_object(text: str) -> None:
    assert f"{KEY} is" in refused(config={KEY: text})


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"ownr": "x"}, "environment.ownr is not a setting"),
        ({"alarms": "yes"}, "environment.alarms is 'yes'"),
        ({"name": "staging"}, "environment.name is 'staging', but the stack is 'dev'"),
        ({"account_id": "123"}, "environment.account_id is '123'"),
    ],
)
def test_wrong_settings(overrides: dict[str, Any], said: str) -> None:
    assert said in refused(environment=overrides)


def test_neither_an_account_nor_the_embedded_aws() -> None:
    text = json.dumps({"name": "dev", "owner": "platform"})

    assert "Set environment.account_id" in refused(config={KEY: text})


def test_a_dead_provider_is_named_at_once() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    environ = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "PULUMI_DEBUG_PROVIDERS": f"aws:{port}"}

    said = refused(config={KEY: json.dumps({"name": "dev", "owner": "platform"})}, environ=environ)

    assert f"does not answer on 127.0.0.1:{port}" in said
    assert "tee-infra local start" in said


def embedded_run() -> Run:
    with socket.create_server(("127.0.0.1", 0)) as provider:
        environ = {
            "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
            "PULUMI_DEBUG_PROVIDERS": f"aws:{provider.getsockname()[1]}",
        }
        return record(config={KEY: json.dumps({"name": "dev", "owner": "platform"})}, environ=environ)


def test_the_embedded_aws_is_its_own_account() -> None:
    run = embedded_run()

    assert run.of("pulumi:providers:aws")[0].inputs["allowedAccountIds"] == '["000000000000"]'
    assert run.logged == ["target: embedded AWS at http://127.0.0.1:4566"]


def test_the_target_is_said_first() -> None:
    assert record("dev").logged == ["target: AWS account 123456789012"]
