import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.environments import parse_environment
from tee_infra.core.pulumi_state.checkpoint import Checkpoint, read_checkpoint
from tee_infra.core.settings import settings_for
from tee_infra.core.tags import render
from tee_infra.core.unreadable import Unreadable

BRANCH = "feature/it's new"
LEASE = {"branch": BRANCH, "expires_at": "2026-12-01T00:00:00Z"}


def resource(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:x::tee-infra::{kind}::{name}", "type": kind, "custom": True, **more}


def checkpoint(*resources: Any, **more: Any) -> bytes:
    return json.dumps({"version": 3, "checkpoint": {"latest": {"resources": list(resources), **more}}}).encode()


def readable(data: bytes) -> Checkpoint:
    said = read_checkpoint(data)
    assert isinstance(said, Checkpoint), said
    return said


def default_tags(tags: dict[str, Any]) -> dict[str, str]:
    return {"defaultTags": json.dumps({"tags": tags})}


PROVIDER = resource("pulumi:providers:aws", "aws", inputs=default_tags({"tee:expires-at": "2026-12-01T00:00:00Z"}))
STACK = {"urn": "urn:x", "type": "pulumi:pulumi:Stack", "custom": False}
TABLE = resource("aws:dynamodb/table:Table", "data-tee-admin")
PENDING = [{"resource": resource("aws:iam/role:Role", "access-app"), "type": "creating"}]


def test_a_checkpoint_tells_what_matters_for_a_destroy() -> None:
    data = checkpoint(STACK, PROVIDER, TABLE | {"protect": True}, pending_operations=PENDING)
    assert read_checkpoint(data) == Checkpoint(
        resources=1,
        protected=("data-tee-admin",),
        pending=("access-app",),
        expires_at=datetime(2026, 12, 1, tzinfo=UTC),
    )


def test_a_stack_that_was_only_made_has_nothing() -> None:
    assert read_checkpoint(b'{"checkpoint": {"stack": "x"}}') == Checkpoint(resources=0)


@pytest.mark.parametrize("member", ["resources", "pending_operations"])
def test_a_list_that_is_null_is_empty(member: str) -> None:
    assert read_checkpoint(checkpoint(**{member: None})) == Checkpoint(resources=0)


def test_the_layout_with_features_is_read_like_the_one_before() -> None:
    data = json.loads(checkpoint(STACK, PROVIDER, TABLE)) | {"version": 4, "features": ["views"]}
    assert readable(json.dumps(data).encode()).resources == 1


def test_a_stack_is_its_branchs_when_all_its_tags_say_so() -> None:
    settings = settings_for(parse_environment("feature-x"), {"name": "feature-x", "owner": "ann", **LEASE})
    tags = default_tags(render(parse_environment("feature-x"), settings, "tee-infra"))
    said = readable(checkpoint(STACK, PROVIDER | {"inputs": tags}))
    assert said.is_of("feature-x", BRANCH, "tee-infra")
    assert not said.is_of("feature-y", BRANCH, "tee-infra")
    assert not said.is_of("feature-x", "feature/other", "tee-infra")
    assert not said.is_of("feature-x", BRANCH, "other-project")


@pytest.mark.parametrize(
    "data",
    [
        b'{"checkpoint": {}}',
        b'{"checkpoint": {"latest": {"resources": []}}}',
        checkpoint(TABLE),
        checkpoint(STACK, PROVIDER | {"inputs": default_tags({})}),
        checkpoint(STACK, PROVIDER | {"inputs": default_tags({"tee:environment": "feature-x"})}),
    ],
)
def test_what_says_nothing_is_nobodys(data: bytes) -> None:
    said = readable(data)
    assert not said.is_of("feature-x", BRANCH, "tee-infra")
    assert said.outputs == {}


def test_outputs_are_told_without_secrets() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}
    outputs = {"tables": {"tee-admin": "feature-x-tee-admin"}, "token": secret}
    said = readable(checkpoint(STACK | {"outputs": outputs}))
    assert said.outputs == {"tables": {"tee-admin": "feature-x-tee-admin"}}


WHOLE = checkpoint(STACK, PROVIDER, TABLE, pending_operations=PENDING)


@given(length=st.integers(0, len(WHOLE) - 1))
def test_a_truncated_checkpoint_says_nothing_certain(length: int) -> None:
    read = read_checkpoint(WHOLE[:length])
    assert isinstance(read, Unreadable)
    assert "cannot be read" in read.reason


HOSTILE = {
    "list": b"[]",
    "null": b"null",
    "empty object": b"{}",
    "no text": b"\xff\xfe",
    "not a number": b"NaN",
    "number as checkpoint": b'{"checkpoint": 1}',
    "deep nesting": b'{"version": 3, "checkpoint": {"latest": ' + b"[" * 200_000,
    "endless number": b'{"checkpoint": {"latest": {"resources": ' + b"9" * 10_000 + b"}}}",
    "older version": b'{"version": 2, "checkpoint": {"latest": {"resources": []}}}',
    "later version": b'{"version": 5, "checkpoint": {"latest": {"resources": []}}}',
    "version as text": b'{"version": "3", "checkpoint": {}}',
    "version null": b'{"version": null, "checkpoint": {}}',
    "resources as object": b'{"checkpoint": {"latest": {"resources": {"urn": "x"}}}}',
    "resource as number": b'{"checkpoint": {"latest": {"resources": [1]}}}',
    "resource null": checkpoint(None),
    "resource without URN": checkpoint({"type": "x", "custom": True}),
    "URN null": checkpoint(TABLE | {"urn": None}),
    "type as number": checkpoint(TABLE | {"type": 1}),
    "custom as text": checkpoint(TABLE | {"custom": "false"}),
    "protect as text": checkpoint(TABLE | {"protect": "false"}),
    "inputs as list": checkpoint(TABLE | {"inputs": []}),
    "outputs as text": checkpoint(STACK | {"outputs": "x"}),
    "default tags are no JSON": checkpoint(PROVIDER | {"inputs": {"defaultTags": "x"}}),
    "default tags as object": checkpoint(PROVIDER | {"inputs": {"defaultTags": {"tags": {}}}}),
    "default tags without tags": checkpoint(PROVIDER | {"inputs": {"defaultTags": "{}"}}),
    "default tags nested deep": checkpoint(PROVIDER | {"inputs": {"defaultTags": '{"tags":' * 100_000}}),
    "tag as number": checkpoint(PROVIDER | {"inputs": default_tags({"tee:expires-at": 1})}),
    "lease is no time": checkpoint(PROVIDER | {"inputs": default_tags({"tee:expires-at": "soon"})}),
    "lease without zone": checkpoint(PROVIDER | {"inputs": default_tags({"tee:expires-at": "2026-12-01T00:00:00"})}),
    "lease before all time": checkpoint(
        PROVIDER | {"inputs": default_tags({"tee:expires-at": "0001-01-01T00:00:00+14:00"})}
    ),
    "operation null": checkpoint(pending_operations=[None]),
    "operation without resource": checkpoint(pending_operations=[{"type": "creating"}]),
    "operations as object": checkpoint(pending_operations={"resource": TABLE}),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_checkpoint_says_nothing_certain(data: bytes) -> None:
    said = read_checkpoint(data)
    assert isinstance(said, Unreadable)
    assert said.reason.startswith("its state cannot be read (")
    assert len(said.reason) < 300


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*STACK, "inputs", "outputs"]) | st.text(), inner),
)


@given(data=st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_at_all_end_in_another_error(data: bytes) -> None:
    assert isinstance(read_checkpoint(data), Checkpoint | Unreadable)


@given(value=JSON, resource_member=st.sampled_from([*TABLE, "inputs", "outputs", "protect"]))
def test_no_value_in_a_resource_ends_in_another_error(value: Any, resource_member: str) -> None:
    for changed in (STACK, PROVIDER, TABLE):
        said = read_checkpoint(checkpoint(changed | {resource_member: value}, pending_operations=value))
        assert isinstance(said, Checkpoint | Unreadable)
