"""KMS: keys and aliases (`internal/service/kms/key.go`, `alias.go`)."""

from typing import Any

from tee_infra.local.provider import tags
from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.schema import (
    BOOLEAN,
    NUMBER,
    POLICY,
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
from tee_infra.local.provider.values import UNKNOWN

KEY_STORE = refused("keys live in moto's own key store")
USAGES = ("ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT")


def _create_key(aws: Aws, inputs: Values) -> str:
    request: dict[str, Any] = {
        "Description": inputs.get("description", ""),
        "KeyUsage": inputs["keyUsage"],
        "KeySpec": inputs["customerMasterKeySpec"],
        "MultiRegion": inputs.get("multiRegion", False),
        "Tags": [{"TagKey": key, "TagValue": value} for key, value in inputs.get("tags", {}).items()],
    }
    if inputs.get("policy"):
        request["Policy"] = inputs["policy"]
    return aws.kms.create_key(**request)["KeyMetadata"]["KeyId"]


def _finish_key(aws: Aws, made: str, inputs: Values) -> None:
    if inputs.get("enableKeyRotation"):
        _rotate(aws, made, inputs)
    if not inputs["isEnabled"]:
        aws.kms.disable_key(KeyId=made)


def _read_key(aws: Aws, made: str, state: Values) -> Values | None:
    try:
        key: Any = aws.kms.describe_key(KeyId=made)["KeyMetadata"]
    except aws.kms.exceptions.NotFoundException:
        return None
    if key["KeyState"] == "PendingDeletion":
        return None
    rotation: Any = aws.kms.get_key_rotation_status(KeyId=made)
    listed = aws.kms.list_resource_tags(KeyId=made)["Tags"]
    live = {
        "arn": key["Arn"],
        "keyId": key["KeyId"],
        "description": key.get("Description"),
        "keyUsage": key["KeyUsage"],
        "customerMasterKeySpec": key["KeySpec"],
        "multiRegion": key.get("MultiRegion", False),
        "isEnabled": key["Enabled"],
        "enableKeyRotation": rotation["KeyRotationEnabled"],
        "rotationPeriodInDays": rotation.get("RotationPeriodInDays"),
        "policy": aws.kms.get_key_policy(KeyId=made, PolicyName="default")["Policy"],
        **tags.both({tag["TagKey"]: tag["TagValue"] for tag in listed}),
    }
    if "rotationPeriodInDays" not in state:  # moto has a period even for a key that does not rotate
        del live["rotationPeriodInDays"]
    return live


def _update_key(aws: Aws, made: str, update: Update) -> None:
    new, changed = update.new, update.changed
    if "isEnabled" in changed and new["isEnabled"]:
        aws.kms.enable_key(KeyId=made)
    if "description" in changed:
        aws.kms.update_key_description(KeyId=made, Description=new.get("description", ""))
    if "policy" in changed:
        aws.kms.put_key_policy(KeyId=made, PolicyName="default", Policy=new["policy"])
    if changed & {"enableKeyRotation", "rotationPeriodInDays"} and new.get("enableKeyRotation"):
        _rotate(aws, made, new)
    elif "enableKeyRotation" in changed:
        aws.kms.disable_key_rotation(KeyId=made)
    if "isEnabled" in changed and not new["isEnabled"]:
        aws.kms.disable_key(KeyId=made)
    if "tags" in changed:
        set_tags, removed = tags.changes(update)
        aws.kms.untag_resource(KeyId=made, TagKeys=removed)
        aws.kms.tag_resource(KeyId=made, Tags=[{"TagKey": key, "TagValue": value} for key, value in set_tags.items()])


def _delete_key(aws: Aws, made: str, state: Values) -> None:
    """A key is never deleted at once: it waits for its window, and counts as deleted meanwhile."""
    aws.kms.schedule_key_deletion(KeyId=made, PendingWindowInDays=state.get("deletionWindowInDays", 30))


def _rotate(aws: Aws, made: str, inputs: Values) -> None:
    period = {"RotationPeriodInDays": inputs["rotationPeriodInDays"]} if "rotationPeriodInDays" in inputs else {}
    aws.kms.enable_key_rotation(KeyId=made, **period)


KEY = ResourceType(
    type="aws:kms/key:Key",
    title="KMS Key",
    properties={
        "description": updates(STRING, keeps=True),
        "keyUsage": replaces(STRING, default="ENCRYPT_DECRYPT", one_of=USAGES),
        "customerMasterKeySpec": replaces(STRING, default="SYMMETRIC_DEFAULT"),
        "multiRegion": replaces(BOOLEAN, keeps=True),
        "policy": updates(POLICY, keeps=True),
        "isEnabled": updates(BOOLEAN, default=True),
        "enableKeyRotation": updates(BOOLEAN, keeps=True),
        "rotationPeriodInDays": updates(NUMBER, keeps=True, between=(90, 2560)),
        "deletionWindowInDays": updates(NUMBER, between=(7, 30), unread=True),
        "bypassPolicyLockoutSafetyCheck": updates(BOOLEAN, default=False, unread=True),
        "customKeyStoreId": KEY_STORE,
        "xksKeyId": KEY_STORE,
        "arn": computed(STRING),
        "keyId": computed(STRING),
        **TAGS,
        **REGION,
    },
    actions=Actions(create=_create_key, finish=_finish_key, read=_read_key, update=_update_key, delete=_delete_key),
)


def _create_alias(aws: Aws, inputs: Values) -> str:
    aws.kms.create_alias(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
    return inputs["name"]


def _read_alias(aws: Aws, made: str, _state: Values) -> Values | None:
    for page in aws.kms.get_paginator("list_aliases").paginate():
        for alias in page["Aliases"]:
            if alias.get("AliasName") == made:
                key = alias.get("TargetKeyId", "")
                return {
                    "name": made,
                    "targetKeyId": key,
                    "targetKeyArn": aws.arn("kms", f"key/{key}"),
                    "arn": alias.get("AliasArn"),
                }
    return None


def _update_alias(aws: Aws, made: str, update: Update) -> None:
    aws.kms.update_alias(AliasName=made, TargetKeyId=update.new["targetKeyId"])


def _delete_alias(aws: Aws, made: str, _state: Values) -> None:
    aws.kms.delete_alias(AliasName=made)


def _same_key(old: Any, new: Any, _block: Values) -> bool:
    """A key's id and its ARN identify the same key."""
    return str(old).rpartition("/")[2] == str(new).rpartition("/")[2]


def _validate_alias(inputs: Values) -> list[Failure]:
    if inputs["name"] is UNKNOWN or inputs["name"].startswith("alias/"):
        return []
    return [Failure(path="name", reason="name must begin with 'alias/'")]


ALIAS = ResourceType(
    type="aws:kms/alias:Alias",
    title="KMS Alias",
    properties={
        "name": replaces(STRING, named=Naming(longest=256, prefix="alias/")),
        "namePrefix": refused("write the whole name instead of a prefix"),
        "targetKeyId": updates(STRING, required=True, same=_same_key),
        "targetKeyArn": computed(STRING, follows=("targetKeyId",)),
        "arn": computed(STRING),
        **REGION,
    },
    validate=_validate_alias,
    actions=Actions(create=_create_alias, read=_read_alias, update=_update_alias, delete=_delete_alias),
)

TYPES = (KEY, ALIAS)
