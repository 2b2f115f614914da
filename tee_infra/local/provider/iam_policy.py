"""IAM: managed policies (`internal/service/iam/policy.go`)."""

from typing import Any

from tee_infra.local.provider import tags
from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.iam import PREFIX
from tee_infra.local.provider.schema import (
    NUMBER,
    POLICY,
    STRING,
    TAGS,
    Actions,
    Naming,
    ResourceType,
    Update,
    Values,
    computed,
    replaces,
    updates,
)
from tee_infra.local.provider.values import json_text

VERSIONS_KEPT = 5


def _create_policy(aws: Aws, inputs: Values) -> str:
    made = aws.iam.create_policy(
        PolicyName=inputs["name"],
        Path=inputs["path"],
        Description=inputs.get("description", ""),
        PolicyDocument=inputs["policy"],
        Tags=tags.pairs(inputs.get("tags")),
    )
    return made["Policy"].get("Arn", "")


def _read_policy(aws: Aws, made: str, _state: Values) -> Values | None:
    try:
        policy: Any = aws.iam.get_policy(PolicyArn=made)["Policy"]
    except aws.iam.exceptions.NoSuchEntityException:
        return None
    version: Any = aws.iam.get_policy_version(PolicyArn=made, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    return {
        "name": policy["PolicyName"],
        "path": policy["Path"],
        "description": policy.get("Description"),
        "policy": json_text(version["Document"]),
        "arn": policy["Arn"],
        "policyId": policy["PolicyId"],
        **tags.both(policy.get("Tags", [])),
    }


def _update_policy(aws: Aws, made: str, update: Update) -> None:
    if "policy" in update.changed:
        versions: Any = aws.iam.list_policy_versions(PolicyArn=made)["Versions"]
        if len(versions) >= VERSIONS_KEPT:
            oldest = min((version for version in versions if not version["IsDefaultVersion"]), key=_created)
            aws.iam.delete_policy_version(PolicyArn=made, VersionId=oldest["VersionId"])
        aws.iam.create_policy_version(PolicyArn=made, PolicyDocument=update.new["policy"], SetAsDefault=True)
    if "tags" in update.changed:
        set_tags, removed = tags.changes(update)
        aws.iam.untag_policy(PolicyArn=made, TagKeys=removed)
        aws.iam.tag_policy(PolicyArn=made, Tags=tags.pairs(set_tags))


def _delete_policy(aws: Aws, made: str, _state: Values) -> None:
    for version in aws.iam.list_policy_versions(PolicyArn=made)["Versions"]:
        if not version.get("IsDefaultVersion"):
            aws.iam.delete_policy_version(PolicyArn=made, VersionId=version.get("VersionId", ""))
    aws.iam.delete_policy(PolicyArn=made)


def _created(version: Any) -> Any:
    return version["CreateDate"], version["VersionId"]


POLICY_TYPE = ResourceType(
    type="aws:iam/policy:Policy",
    title="IAM Policy",
    properties={
        "name": replaces(STRING, named=Naming(longest=128)),
        "namePrefix": PREFIX,
        "path": replaces(STRING, default="/"),
        "description": replaces(STRING),
        "policy": updates(POLICY, required=True),
        "delayAfterPolicyCreationInMs": updates(NUMBER, unread=True),
        "arn": computed(STRING),
        "policyId": computed(STRING),
        **TAGS,
    },
    actions=Actions(create=_create_policy, read=_read_policy, update=_update_policy, delete=_delete_policy),
)

TYPES = (POLICY_TYPE,)
