from typing import Any

import pytest

from tee_infra.local.provider.dynamodb import TABLE
from tee_infra.local.provider.iam import ROLE
from tee_infra.local.provider.kms import ALIAS
from tee_infra.local.provider.s3 import BUCKET
from tee_infra.local.provider.schema import ResourceType
from tee_infra.local.provider.validate import check
from tee_infra.local.provider.values import UNKNOWN

Values = dict[str, Any]
TABLE_INPUTS: Values = {
    "hashKey": "pk",
    "attributes": [{"name": "pk", "type": "S"}],
    "billingMode": "PAY_PER_REQUEST",
}


def checked(kind: ResourceType, news: Values, olds: Values | None = None, **tags: str) -> tuple[Values, dict[str, str]]:
    inputs, failures = check(kind, news, olds=olds or {}, name="Thing", seed=b"seed", default_tags=tags)
    return inputs, {failure.path: failure.reason for failure in failures}


def test_defaults_are_filled_in_and_noted() -> None:
    inputs, failures = checked(TABLE, {**TABLE_INPUTS, "name": "t"})
    assert failures == {}
    assert inputs == {**TABLE_INPUTS, "name": "t", "tableClass": "STANDARD", "__defaults": ["tableClass"]}


def test_a_name_is_made_up_once_and_kept() -> None:
    first, _ = checked(TABLE, TABLE_INPUTS)
    assert first["name"].startswith("Thing-")
    assert len(first["name"]) == len("Thing-") + 7
    again, _ = check(TABLE, TABLE_INPUTS, olds=first, name="Thing", seed=b"other", default_tags={})
    assert again["name"] == first["name"]


def test_a_name_once_written_is_not_kept_as_a_made_up_one() -> None:
    again, _ = checked(TABLE, TABLE_INPUTS, {"name": "written", "__defaults": []})
    assert again["name"].startswith("Thing-")


@pytest.mark.parametrize(("kind", "key", "start"), [(BUCKET, "bucket", "thing-"), (ALIAS, "name", "alias/Thing-")])
def test_made_up_names_follow_the_service(kind: ResourceType, key: str, start: str) -> None:
    inputs, _ = checked(kind, {"targetKeyId": "k"} if kind is ALIAS else {})
    assert inputs[key].startswith(start)


def test_default_tags_give_way_to_the_resources_own() -> None:
    inputs, _ = checked(TABLE, {**TABLE_INPUTS, "tags": {"a": "own"}}, a="default", b="default")
    assert inputs["tags"] == {"a": "own", "b": "default"}


def test_a_policy_written_as_an_object_becomes_text() -> None:
    inputs, _ = checked(ROLE, {"assumeRolePolicy": {"Version": "2012-10-17"}})
    assert inputs["assumeRolePolicy"] == '{"Version": "2012-10-17"}'


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        ({"billing": "x"}, "billing", "Invalid or unknown key"),
        ({"arn": "x"}, "arn", "Invalid or unknown key"),
        ({"ttl": {"attribute": "x"}}, "ttl.attribute", "Invalid or unknown key"),
        (
            {"billingMode": "FREE"},
            "billingMode",
            'expected billingMode to be one of ["PROVISIONED" "PAY_PER_REQUEST"], got FREE',
        ),
        ({"hashKey": 5}, "hashKey", "expected a string, got 5"),
        ({"streamEnabled": "yes"}, "streamEnabled", "expected a boolean, got 'yes'"),
        ({"ttl": "x"}, "ttl", "expected an object, got 'x'"),
        (
            {"attributes": [{"name": "pk"}]},
            "attributes[0].type",
            'Missing required argument. The argument "attributes[0].type" is required.',
        ),
        (
            {"replicas": "x"},
            "replicas",
            "not supported by the embedded AWS: it needs another Region, a backup or a bucket of exports",
        ),
        ({"hashKey": "id"}, "attributes", "all indexes must match a defined attribute. Unmatched indexes: ['id']"),
        ({"streamEnabled": True}, "streamViewType", "stream_view_type is required when stream_enabled = true"),
        (
            {"billingMode": "PROVISIONED"},
            "readCapacity",
            '"read_capacity" and "write_capacity" must be at least 1 when billing_mode is PROVISIONED',
        ),
    ],
)
def test_what_is_wrong_with_a_table_is_said(change: Values, path: str, reason: str) -> None:
    _, failures = checked(TABLE, TABLE_INPUTS | change)
    assert failures[path] == reason


def test_unused_attribute_is_refused() -> None:
    attributes = [{"name": "pk", "type": "S"}, {"name": "x", "type": "S"}]
    _, failures = checked(TABLE, {**TABLE_INPUTS, "attributes": attributes})
    assert failures == {"attributes": "all attributes must be indexed. Unused attributes: ['x']"}


def test_number_out_of_range_is_refused() -> None:
    _, failures = checked(ROLE, {"assumeRolePolicy": "{}", "maxSessionDuration": 60})
    assert failures == {"maxSessionDuration": "expected maxSessionDuration to be in the range (3600 - 43200), got 60"}


@pytest.mark.parametrize("change", [{"hashKey": UNKNOWN}, {"ttl": UNKNOWN}, {"attributes": [UNKNOWN]}])
def test_unknown_values_pass(change: Values) -> None:
    _, failures = checked(TABLE, TABLE_INPUTS | change)
    assert failures == {}


def test_text_that_is_no_document_is_no_policy() -> None:
    _, failures = checked(ROLE, {"assumeRolePolicy": "allow all"})
    assert failures == {"assumeRolePolicy": "expected a JSON policy document, got 'allow all'"}
