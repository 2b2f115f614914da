from typing import Any

import pytest

from tee_infra.local.provider.diff import Difference, differences, equal
from tee_infra.local.provider.schema import (
    JSON,
    NUMBER,
    POLICY,
    STRING,
    Block,
    ListOf,
    MapOf,
    SetOf,
    Shape,
    computed,
    replaces,
    updates,
)
from tee_infra.local.provider.values import UNKNOWN

NAMED = SetOf(Block({"name": updates(STRING), "size": updates(NUMBER)}), key="name")


def paths(shape: Shape, old: Any, new: Any) -> dict[str, str]:
    found = differences({"p": updates(shape)}, {"p": old}, {"p": new})
    return {difference.path: difference.kind for difference in found}


@pytest.mark.parametrize(
    ("shape", "one", "other"),
    [
        (STRING, None, ""),
        (NUMBER, 0, None),
        (ListOf(STRING), [], None),
        (SetOf(STRING), ["a", "b"], ["b", "a"]),
        (JSON, '{"a":1, "b":2}', '{"b": 2, "a": 1}'),
        (POLICY, '{"Action": ["a", "b"], "Resource": ["*"]}', '{"Resource": "*", "Action": ["b", "a"]}'),
        (NAMED, [{"name": "a", "size": 0}, {"name": "b"}], [{"name": "b"}, {"name": "a"}]),
    ],
)
def test_what_the_real_provider_does_not_tell_apart_is_equal(shape: Shape, one: Any, other: Any) -> None:
    assert equal(shape, one, other)


@pytest.mark.parametrize(
    ("shape", "one", "other"),
    [
        (STRING, "a", "b"),
        (ListOf(STRING), ["a", "b"], ["b", "a"]),
        (JSON, '{"a": [1, 2]}', '{"a": [2, 1]}'),
        (JSON, '{"a": ["1"]}', '{"a": "1"}'),
        (POLICY, '{"Effect": "Allow"}', '{"Effect": "Deny"}'),
        (STRING, "a", UNKNOWN),
    ],
)
def test_what_differs_is_not_equal(shape: Shape, one: Any, other: Any) -> None:
    assert not equal(shape, one, other)


@pytest.mark.parametrize(
    ("shape", "old", "new", "expected"),
    [
        (STRING, "a", "b", {"p": "update"}),
        (STRING, None, "b", {"p": "add"}),
        (STRING, "a", None, {"p": "delete"}),
        (
            MapOf(STRING),
            {"tee:a": "1", "b": "1"},
            {"tee:a": "2", "c": "1"},
            {'p["tee:a"]': "update", "p.c": "add", "p.b": "delete"},
        ),
        (ListOf(STRING), ["a"], ["b", "c"], {"p[0]": "update", "p[1]": "add"}),
        (NAMED, [{"name": "a", "size": 1}], [{"name": "a", "size": 2}], {"p[0].size": "update"}),
        (NAMED, [{"name": "a"}], [{"name": "b"}], {"p[0]": "update"}),
        (NAMED, [{"name": "a"}], [{"name": "b"}, {"name": "a"}], {"p[0]": "add"}),
        (NAMED, [{"name": "a"}, {"name": "b"}], [{"name": "a"}], {"p[1]": "delete"}),
        (NAMED, [{"name": "a"}], UNKNOWN, {"p": "update"}),
    ],
)
def test_a_difference_is_named_at_its_innermost_place(
    shape: Shape, old: Any, new: Any, expected: dict[str, str]
) -> None:
    assert paths(shape, old, new) == expected


def test_rules_decide_what_counts_and_what_replaces() -> None:
    rules = {
        "kept": updates(STRING, keeps=True),
        "name": replaces(STRING),
        "arn": computed(STRING),
        "mode": updates(STRING, default="A"),
        "overlooked": updates(STRING, same=lambda old, new, block: block["name"] == "new"),
    }
    old = {"kept": "x", "name": "old", "arn": "1", "mode": "A", "overlooked": "x"}
    assert list(differences(rules, old, {"name": "new", "arn": "2"})) == [
        Difference(path="name", kind="update", replaces=True)
    ]
