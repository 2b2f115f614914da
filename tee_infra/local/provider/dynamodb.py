"""DynamoDB: tables and their resource policies (`internal/service/dynamodb/table.go`, `resource_policy.go`)."""

from typing import Any

from tee_infra.local.provider import dynamodb_table
from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.diff import empty
from tee_infra.local.provider.schema import (
    BOOLEAN,
    NUMBER,
    POLICY,
    REGION,
    STRING,
    TAGS,
    Actions,
    Block,
    ListOf,
    Naming,
    Property,
    ResourceType,
    SetOf,
    Update,
    Values,
    computed,
    refused,
    replaces,
    updates,
)

PROJECTIONS = ("ALL", "INCLUDE", "KEYS_ONLY")
ELSEWHERE = "it needs another Region, a backup or a bucket of exports"


def _removed(_old: Any, new: Any, _block: Values) -> bool:
    """Removing the block is a silent no-op (SuppressMissingOptionalConfigurationBlock): disable it instead."""
    return new is None


def _no_new_name(old: Any, new: Any, _block: Values) -> bool:
    """Elements are compared by name only: a changed type or projection is a silent no-op."""
    return {element["name"] for element in old or []} == {element["name"] for element in new or []}


def _on_demand(_old: Any, _new: Any, block: Values) -> bool:
    return block.get("billingMode") == "PAY_PER_REQUEST"


def _no_cap(old: Any, new: Any, _block: Values) -> bool:
    """-1 removes a cap, so it is equal to none."""
    return (empty(old) or old == -1) and (empty(new) or new == -1)


def _switched_off(_old: Any, _new: Any, block: Values) -> bool:
    """DynamoDB forgets the attribute of a disabled time to live."""
    return not block.get("enabled")


CAPS = Block(
    {
        "maxReadRequestUnits": updates(NUMBER, keeps=True, same=_no_cap),
        "maxWriteRequestUnits": updates(NUMBER, keeps=True, same=_no_cap),
    }
)
ATTRIBUTE = Block(
    {"name": updates(STRING, required=True), "type": updates(STRING, required=True, one_of=("S", "N", "B"))}
)
KEY = Block(
    {
        "attributeName": updates(STRING, required=True),
        "keyType": updates(STRING, required=True, one_of=("HASH", "RANGE")),
    }
)
GLOBAL_INDEX = Block(
    {
        "name": updates(STRING, required=True),
        "hashKey": updates(STRING),
        "rangeKey": updates(STRING),
        "keySchemas": updates(ListOf(KEY)),
        "projectionType": updates(STRING, required=True, one_of=PROJECTIONS),
        "nonKeyAttributes": updates(SetOf(STRING)),
        "readCapacity": updates(NUMBER, keeps=True),
        "writeCapacity": updates(NUMBER, keeps=True),
        "onDemandThroughput": updates(CAPS, same=_removed),
        "warmThroughput": refused("warm throughput is not managed here"),
    }
)
LOCAL_INDEX = Block(
    {
        "name": replaces(STRING, required=True),
        "rangeKey": replaces(STRING, required=True),
        "projectionType": replaces(STRING, required=True, one_of=PROJECTIONS),
        "nonKeyAttributes": replaces(ListOf(STRING)),
    }
)

TABLE_PROPERTIES: dict[str, Property] = {
    "name": replaces(STRING, named=Naming(longest=255)),
    "hashKey": replaces(STRING, keeps=True),
    "rangeKey": replaces(STRING),
    "attributes": updates(SetOf(ATTRIBUTE, key="name"), keeps=True, same=_no_new_name),
    "localSecondaryIndexes": replaces(SetOf(LOCAL_INDEX, key="name"), same=_no_new_name),
    "globalSecondaryIndexes": updates(SetOf(GLOBAL_INDEX, key="name")),
    "billingMode": updates(STRING, default="PROVISIONED", one_of=("PROVISIONED", "PAY_PER_REQUEST")),
    "readCapacity": updates(NUMBER, keeps=True, same=_on_demand),
    "writeCapacity": updates(NUMBER, keeps=True, same=_on_demand),
    "onDemandThroughput": updates(CAPS, same=_removed),
    "tableClass": updates(STRING, default="STANDARD", one_of=("STANDARD", "STANDARD_INFREQUENT_ACCESS")),
    "deletionProtectionEnabled": updates(BOOLEAN),
    "pointInTimeRecovery": updates(
        Block({"enabled": updates(BOOLEAN, required=True), "recoveryPeriodInDays": updates(NUMBER, keeps=True)}),
        keeps=True,
    ),
    "serverSideEncryption": updates(
        Block({"enabled": updates(BOOLEAN, required=True), "kmsKeyArn": updates(STRING, keeps=True)}),
        keeps=True,
    ),
    "streamEnabled": updates(BOOLEAN),
    "streamViewType": updates(
        STRING, keeps=True, one_of=("", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY")
    ),
    "ttl": updates(
        Block({"attributeName": updates(STRING, same=_switched_off), "enabled": updates(BOOLEAN)}), same=_removed
    ),
    "warmThroughput": refused("warm throughput is not managed here"),
    "replicas": refused(ELSEWHERE),
    "globalTableWitness": refused(ELSEWHERE),
    "importTable": refused(ELSEWHERE),
    "restoreBackupArn": refused(ELSEWHERE),
    "restoreDateTime": refused(ELSEWHERE),
    "restoreSourceName": refused(ELSEWHERE),
    "restoreSourceTableArn": refused(ELSEWHERE),
    "restoreToLatestTime": refused(ELSEWHERE),
    "arn": computed(STRING),
    "streamArn": computed(STRING, follows=("streamEnabled", "streamViewType")),
    "streamLabel": computed(STRING, follows=("streamEnabled", "streamViewType")),
    **TAGS,
    **REGION,
}

TABLE = ResourceType(
    type="aws:dynamodb/table:Table",
    title="DynamoDB Table",
    properties=TABLE_PROPERTIES,
    validate=dynamodb_table.validate,
    actions=dynamodb_table.ACTIONS,
)


def _put_policy(aws: Aws, inputs: Values) -> str:
    aws.dynamodb.put_resource_policy(ResourceArn=inputs["resourceArn"], Policy=inputs["policy"])
    return inputs["resourceArn"]


def _read_policy(aws: Aws, made: str, _state: Values) -> Values | None:
    try:
        found = aws.dynamodb.get_resource_policy(ResourceArn=made)
    except (aws.dynamodb.exceptions.PolicyNotFoundException, aws.dynamodb.exceptions.ResourceNotFoundException):
        return None
    return {"resourceArn": made, "policy": found["Policy"], "revisionId": found["RevisionId"]}


def _update_policy(aws: Aws, _made: str, update: Update) -> None:
    _put_policy(aws, update.new)


def _delete_policy(aws: Aws, made: str, _state: Values) -> None:
    aws.dynamodb.delete_resource_policy(ResourceArn=made)


RESOURCE_POLICY = ResourceType(
    type="aws:dynamodb/resourcePolicy:ResourcePolicy",
    title="DynamoDB Resource Policy",
    properties={
        "resourceArn": replaces(STRING, required=True),
        "policy": updates(POLICY, required=True),
        "confirmRemoveSelfResourceAccess": updates(BOOLEAN, unread=True),
        "revisionId": computed(STRING, follows=("policy",)),
        **REGION,
    },
    actions=Actions(create=_put_policy, read=_read_policy, update=_update_policy, delete=_delete_policy),
)

TYPES = (TABLE, RESOURCE_POLICY)
