import json
from typing import Any

import pytest

from tee_infra.core.environments import parse_environment
from tee_infra.core.pulumi_state.checkpoint import is_stack_of, stack_outputs
from tee_infra.core.settings import settings_for
from tee_infra.core.tags import render

BRANCH = "feature/it's new"
LEASE = {"branch": BRANCH, "expires_at": "2026-12-01T00:00:00Z"}


def checkpoint(*resources: dict[str, Any]) -> bytes:
    return json.dumps({"version": 3, "checkpoint": {"latest": {"resources": resources}}}).encode()


def provider(environment: str = "feature-x") -> dict[str, Any]:
    settings = settings_for(parse_environment(environment), {"name": environment, "owner": "ann", **LEASE})
    tags = {"tags": render(parse_environment(environment), settings, "tee-infra")}
    return {"type": "pulumi:providers:aws", "inputs": {"defaultTags": json.dumps(tags)}}


def test_a_stack_is_its_branchs_when_all_its_tags_say_so() -> None:
    data = checkpoint({"type": "pulumi:pulumi:Stack"}, provider())
    assert is_stack_of(data, "feature-x", BRANCH, "tee-infra")
    assert not is_stack_of(data, "feature-y", BRANCH, "tee-infra")
    assert not is_stack_of(data, "feature-x", "feature/other", "tee-infra")
    assert not is_stack_of(data, "feature-x", BRANCH, "other-project")


NOTHING = [
    b"",
    b"{",
    b"[]",
    b'{"checkpoint": {}}',
    b'{"checkpoint": {"latest": {"resources": []}}}',
    checkpoint({"type": "x"}),
    b'{"checkpoint": {"latest": {"resources": [1]}}}',
    checkpoint({"type": "pulumi:providers:aws", "inputs": {"defaultTags": "{"}}),
]


@pytest.mark.parametrize("data", NOTHING)
def test_what_cannot_be_read_or_says_nothing_is_nobodys(data: bytes) -> None:
    assert not is_stack_of(data, "feature-x", BRANCH, "tee-infra")
    assert stack_outputs(data) == {}


def test_outputs_are_told_without_secrets() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}
    outputs = {"tables": {"tee-admin": "feature-x-tee-admin"}, "token": secret}
    stack = {"type": "pulumi:pulumi:Stack", "outputs": outputs}
    assert stack_outputs(checkpoint(stack)) == {"tables": {"tee-admin": "feature-x-tee-admin"}}
