"""SSM: parameters (`internal/service/ssm/parameter.go`)."""

from typing import Any

from tee_infra.local.provider import tags
from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.schema import (
    BOOLEAN,
    REGION,
    STRING,
    TAGS,
    Actions,
    Failure,
    Naming,
    ResourceType,
    Update,
    Values,
    computed,
    refused,
    replaces,
    updates,
)

NO_NEW_VALUE = {"tags", "overwrite"}
WRITE_ONLY = "write-only values are not supported here; use value"


def _create(aws: Aws, inputs: Values) -> str:
    request = _request(inputs)
    if not inputs.get("overwrite"):  # AWS takes no tags together with Overwrite
        aws.ssm.put_parameter(**request, Tags=tags.pairs(inputs.get("tags")))
        return inputs["name"]
    aws.ssm.put_parameter(**request, Overwrite=True)
    _tag(aws, inputs["name"], inputs.get("tags", {}), [])
    return inputs["name"]


def _read(aws: Aws, made: str, state: Values) -> Values | None:
    try:
        found: Any = aws.ssm.get_parameter(Name=made, WithDecryption=True)["Parameter"]
    except aws.ssm.exceptions.ParameterNotFound:
        return None
    filters: Any = [{"Key": "Name", "Option": "Equals", "Values": [made]}]
    described: Any = aws.ssm.describe_parameters(ParameterFilters=filters)["Parameters"][0]
    plain = "insecureValue" if "insecureValue" in state else "value"
    return {
        "name": found["Name"],
        "type": found["Type"],
        plain: found["Value"],
        "arn": found["ARN"],
        "version": found["Version"],
        "description": described.get("Description"),
        "allowedPattern": described.get("AllowedPattern"),
        "dataType": found.get("DataType"),
        "keyId": described.get("KeyId"),
        "tier": described.get("Tier") or "Standard",
        **tags.both(aws.ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=made).get("TagList", [])),
    }


def _update(aws: Aws, made: str, update: Update) -> None:
    if update.changed - NO_NEW_VALUE:
        aws.ssm.put_parameter(**_request(update.new), Overwrite=True)
    if "tags" in update.changed:
        _tag(aws, made, *tags.changes(update))


def _delete(aws: Aws, made: str, _state: Values) -> None:
    aws.ssm.delete_parameter(Name=made)


def _request(inputs: Values) -> Any:
    names = {
        "name": "Name",
        "type": "Type",
        "description": "Description",
        "allowedPattern": "AllowedPattern",
        "dataType": "DataType",
        "keyId": "KeyId",
        "tier": "Tier",
    }
    given = {theirs: inputs[ours] for ours, theirs in names.items() if inputs.get(ours)}
    return given | {"Value": inputs.get("value", inputs.get("insecureValue"))}


def _tag(aws: Aws, name: str, changed: dict[str, str], removed: list[str]) -> None:
    if removed:
        aws.ssm.remove_tags_from_resource(ResourceType="Parameter", ResourceId=name, TagKeys=removed)
    if changed:
        aws.ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId=name, Tags=tags.pairs(changed))


def _validate(inputs: Values) -> list[Failure]:
    if ("value" in inputs) == ("insecureValue" in inputs):
        return [Failure(path="value", reason="one of `insecure_value,value` must be specified")]
    return []


PARAMETER = ResourceType(
    type="aws:ssm/parameter:Parameter",
    title="SSM Parameter",
    properties={
        "name": replaces(STRING, named=Naming(longest=2048)),
        "type": updates(STRING, required=True, one_of=("String", "StringList", "SecureString")),
        "value": updates(STRING),
        "insecureValue": updates(STRING),
        "valueWo": refused(WRITE_ONLY),
        "valueWoVersion": refused(WRITE_ONLY),
        "description": updates(STRING),
        "allowedPattern": updates(STRING),
        "dataType": updates(STRING, keeps=True, one_of=("text", "aws:ec2:image", "aws:ssm:integration")),
        "keyId": updates(STRING, keeps=True),
        "tier": updates(STRING, keeps=True, one_of=("Standard", "Advanced", "Intelligent-Tiering")),
        "overwrite": updates(BOOLEAN, unread=True),
        "arn": computed(STRING),
        "version": computed(
            STRING, follows=("value", "insecureValue", "type", "description", "allowedPattern", "tier")
        ),
        **TAGS,
        **REGION,
    },
    validate=_validate,
    actions=Actions(create=_create, read=_read, update=_update, delete=_delete),
)

TYPES = (PARAMETER,)
