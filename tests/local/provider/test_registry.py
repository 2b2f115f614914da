"""The tables know every argument of the SDK's resource types, and no other."""

import importlib
import inspect
from typing import Any

import pytest
from pulumi._types import input_type_py_to_pulumi_names

from tee_infra.local.provider.registry import RESOURCE_TYPES
from tee_infra.local.provider.schema import ANY, Block, Effect, ListOf, MapOf, Property, SetOf, Shape

# What the SDK lets be left out, and the real provider asks for when it plans.
ASKED_FOR_LATER = {"comparisonOperator", "evaluationPeriods", "rules"}


def arguments_of(token: str) -> Any:
    service, name = token.split(":")[1].split("/", maxsplit=1)[0], token.rpartition(":")[2]
    module = importlib.import_module(f"pulumi_aws.{service}")
    return getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args")


@pytest.mark.parametrize("token", sorted(RESOURCE_TYPES))
def test_every_argument_is_in_the_table(token: str) -> None:
    said = {name: rule for name, rule in RESOURCE_TYPES[token].properties.items() if rule.effect is not Effect.COMPUTED}
    assert_same(said, arguments_of(token), token)


def assert_same(properties: dict[str, Property], arguments: Any, where: str) -> None:
    names = input_type_py_to_pulumi_names(arguments)
    known = set(properties)
    if "arn" in names.values() and "arn" not in known:
        known.add("arn")  # deprecated as an argument: AWS says it
    assert known == set(names.values()), where
    required = {
        names[name] for name, one in inspect.signature(arguments).parameters.items() if one.default is one.empty
    }
    assert {name for name, rule in properties.items() if rule.required} - ASKED_FOR_LATER == required - ASKED_FOR_LATER
    hints = inspect.get_annotations(arguments.__init__)
    for python, name in names.items():
        block = block_of(properties[name].shape) if name in properties else None
        if block is not None and properties[name].effect is not Effect.REFUSED:
            inner = class_named_in(hints[python], arguments)
            assert_same(dict(block.properties), inner, f"{where}.{name}")


def block_of(shape: Shape) -> Block | None:
    while isinstance(shape, (ListOf, SetOf, MapOf)):
        shape = shape.element
    return shape if shape is not ANY and isinstance(shape, Block) else None


def class_named_in(hint: Any, arguments: Any) -> Any:
    """The argument class that a hint such as `Input[Optional[Sequence[Input['TableAttributeArgs']]]]` names."""
    service = arguments.__module__.split(".")[1]
    inputs = importlib.import_module(f"pulumi_aws.{service}._inputs")
    (name,) = {part for part in str(hint).replace("'", " ").replace(")", " ").split() if part.endswith("Args")}
    return getattr(inputs, name)
