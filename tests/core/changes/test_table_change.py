from typing import Any

import pytest

from tee_infra.core.changes.engine_run import Change, Operation
from tee_infra.core.changes.table_change import change_class, change_classes, ignored_paths
from tee_infra.core.cost.resource import TABLE


def change(operation: Operation, *paths: str, kind: str = "update", type_: str = TABLE) -> Change:
    return Change(
        operation=operation, type=type_, name="data-tee-admin", urn="u", differences=dict.fromkeys(paths, kind)
    )


@pytest.mark.parametrize("operation", ["replace", "delete"])
def test_losing_the_table_is_breaking_whatever_differs(operation: Operation) -> None:
    assert change_class(change(operation, "globalSecondaryIndexes[0]", "rangeKey")) == "breaking"


@pytest.mark.parametrize(
    "path",
    [
        "globalSecondaryIndexes",
        "globalSecondaryIndexes[1]",
        "globalSecondaryIndexes[0].projectionType",
        "globalSecondaryIndexes[0].nonKeyAttributes[2]",
        "globalSecondaryIndexes[0].keySchemas[1].attributeName",
        "globalSecondaryIndexes[0].hashKey",
    ],
)
def test_an_index_with_other_keys_or_projection_is_built_anew(path: str) -> None:
    assert change_class(change("update", path, "attributes[3]", "tags.owner")) == "index-rebuild"


@pytest.mark.parametrize("path", ["attributes[1].type", "attributes[1]", "localSecondaryIndexes[0].projectionType"])
def test_what_the_provider_overlooks_is_silent(path: str) -> None:
    assert change_class(change("update", path, "tags.owner")) == "silent"


def test_a_change_can_be_of_several_classes_and_counts_as_the_worst() -> None:
    both = change("update", "attributes[1].type", "attributes[4]", "globalSecondaryIndexes[1]")
    assert change_classes(both) == ("silent", "index-rebuild")
    assert change_class(both) == "silent"


def test_a_time_to_live_that_is_left_out_goes_on() -> None:
    assert change_class(change("update", "ttl", kind="delete")) == "silent"
    assert change_class(change("update", "ttl.enabled")) == "safe"


@pytest.mark.parametrize(
    "path",
    [
        "billingMode",
        "tableClass",
        "pointInTimeRecovery.enabled",
        "serverSideEncryption.kmsKeyArn",
        "onDemandThroughput.maxReadRequestUnits",
        "globalSecondaryIndexes[0].onDemandThroughput.maxReadRequestUnits",
        "globalSecondaryIndexes[0].readCapacity",
        "streamViewType",
    ],
)
def test_what_happens_in_place_is_safe(path: str) -> None:
    assert change_class(change("update", path)) == "safe"
    assert change_class(change("update", path, "globalSecondaryIndexes[1]")) == "index-rebuild"


def test_a_new_table_is_safe_and_what_is_no_table_has_no_class() -> None:
    assert change_class(change("create")) == "safe"
    assert change_class(change("replace", "policy", type_="aws:kms/key:Key")) is None


def inputs(**more: Any) -> dict[str, Any]:
    return {"attributes": [{"name": "pk", "type": "S"}, {"name": "sk", "type": "S"}], "ttl": {"enabled": False}, **more}


@pytest.mark.parametrize(
    ("new", "paths"),
    [
        (inputs(), ()),
        (inputs(attributes=[{"name": "pk", "type": "S"}, {"name": "sk", "type": "N"}]), ("attributes[1].type",)),
        (inputs(attributes=[{"name": "sk", "type": "B"}, {"name": "pk", "type": "S"}]), ("attributes[0].type",)),
        # Attributes that come and go are in the engine's own differences.
        (inputs(attributes=[{"name": "pk", "type": "S"}, {"name": "new", "type": "N"}]), ()),
        ({"attributes": inputs()["attributes"]}, ("ttl",)),
        (inputs(attributes="[secret]"), ()),
        (inputs(attributes=["[secret] name"]), ()),
    ],
)
def test_what_nobody_acts_on_is_found_in_the_inputs(new: dict[str, Any], paths: tuple[str, ...]) -> None:
    assert ignored_paths(inputs(), new) == paths


def test_another_projection_of_a_local_index_is_one_of_them() -> None:
    def local(projection: str) -> dict[str, Any]:
        return inputs(localSecondaryIndexes=[{"name": "by-size", "rangeKey": "size", "projectionType": projection}])

    assert ignored_paths(local("ALL"), local("KEYS_ONLY")) == ("localSecondaryIndexes[0].projectionType",)
    assert ignored_paths(inputs(), local("ALL")) == ()
