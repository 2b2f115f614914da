"""A state that the engine refuses, or that holds a resource of AWS twice: recognized, and what is left of it."""

import json
from typing import Any

import pytest

from tee_infra.core.pulumi_state.integrity import check_resources, check_state, without

STACK = {"urn": "urn::stack", "type": "pulumi:pulumi:Stack", "custom": False}
PROVIDER = {"urn": "urn::aws", "type": "pulumi:providers:aws", "custom": True, "id": "1", "parent": "urn::stack"}
TABLE = "aws:dynamodb/table:Table"


def resource(name: str, identity: str | None = None, **more: Any) -> dict[str, Any]:
    owner = {"parent": "urn::stack", "provider": "urn::aws::1"}
    return {"urn": f"urn::{name}", "type": TABLE, "custom": True, "id": identity or name, **owner, **more}


def test_a_sound_state_is_not_changed() -> None:
    state = [STACK, PROVIDER, resource("a"), resource("b", dependencies=["urn::a"], deletedWith="urn::a")]
    found = check_resources(state)
    assert (found.problems, found.doubled) == ((), ())
    assert found.sound == tuple(state)
    assert found.ids == {"1", "a", "b"}


@pytest.mark.parametrize(
    "more",
    [
        {"dependencies": ["urn::gone", "urn::a"]},
        {"propertyDependencies": {"x": ["urn::gone"], "y": ["urn::a"]}},
        {"deletedWith": "urn::gone"},
        {"replaceWith": ["urn::gone"]},
        {"dependencies": ["urn::after"]},
    ],
)
def test_a_reference_to_what_is_missing_is_removed_and_nothing_else(more: dict[str, Any]) -> None:
    found = check_resources([STACK, PROVIDER, resource("a"), resource("b", **more), resource("after")])
    (problem,) = found.problems
    assert problem.startswith("b depends on ")
    assert found.sound is not None
    assert [entry["urn"] for entry in found.sound] == ["urn::stack", "urn::aws", "urn::a", "urn::b", "urn::after"]
    assert check_resources(found.sound).problems == ()


def test_an_entry_that_is_repeated_is_removed() -> None:
    found = check_resources([STACK, PROVIDER, resource("a"), resource("a")])
    assert found.problems == ("a is there twice",)
    assert found.sound == (STACK, PROVIDER, resource("a"))
    assert check_resources([STACK, PROVIDER, resource("a"), resource("a", "old", delete=True)]).problems == ()


@pytest.mark.parametrize(
    "state",
    [
        [STACK, PROVIDER, resource("a", "x"), resource("a", "y")],  # which of the two is unknown
        [STACK, resource("a")],
        [STACK, {**PROVIDER, "id": "2"}, resource("a")],
        [STACK, PROVIDER, resource("a", parent="urn::gone")],
        [PROVIDER, STACK],
    ],
)
def test_what_cannot_be_decided_is_left_to_a_backup(state: list[dict[str, Any]]) -> None:
    found = check_resources(state)
    assert found.problems
    assert found.sound is None


@pytest.mark.parametrize(
    ("second", "doubled"),
    [
        (resource("b", "a"), True),
        (resource("b", "a", type="aws:iam/role:Role"), False),
        (resource("b", "a", custom=False), False),
        (resource("b", "a", delete=True), False),
        (resource("b"), False),
    ],
)
def test_one_resource_of_aws_under_two_urns_is_doubled(second: dict[str, Any], doubled: bool) -> None:
    found = check_resources([STACK, PROVIDER, resource("a"), second])
    assert found.doubled == ((("urn::a", "urn::b"),) if doubled else ())
    assert found.problems == ()


def test_an_entry_is_taken_out_with_the_references_to_it() -> None:
    state = [STACK, PROVIDER, resource("a"), resource("b", "a"), resource("c", dependencies=["urn::b"])]
    assert without(state, {"urn::b"}) == (STACK, PROVIDER, resource("a"), resource("c", dependencies=[]))
    assert without([*state, resource("d", parent="urn::b")], {"urn::b"}) is None


@pytest.mark.parametrize(
    "data", [b"", b"{", b"{}", b"null", b"[]", b"3", b"\x00\x01", b'{"checkpoint": null}', b'{"checkpoint": []}',
             b'{"checkpoint": {"latest": {"resources": [1]}}}', b'{"checkpoint": {"latest": {"resources": [{}]}}}',
             b'{"checkpoint": {"latest": 7}}', b"[" * 100_000]
)  # fmt: skip
def test_what_is_no_state_has_no_condition(data: bytes) -> None:
    assert check_state(data) is None


def test_an_empty_state_is_sound() -> None:
    for latest in (None, {}, {"resources": None}):
        found = check_state(json.dumps({"version": 3, "checkpoint": {"latest": latest}}).encode())
        assert found is not None
        assert (found.problems, found.sound, found.ids) == ((), (), frozenset())
