"""IAM: roles and the policies on them (`internal/service/iam/role.go`, `role_policy.go`, ...)."""

from typing import Any

from tee_infra.local.provider import tags
from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.schema import (
    BOOLEAN,
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
    refused,
    replaces,
    updates,
)
from tee_infra.local.provider.values import json_text

PREFIX = refused("write the whole name instead of a prefix")


def _create_role(aws: Aws, inputs: Values) -> str:
    request: dict[str, Any] = {
        "RoleName": inputs["name"],
        "Path": inputs["path"],
        "AssumeRolePolicyDocument": inputs["assumeRolePolicy"],
        "Description": inputs.get("description", ""),
        "MaxSessionDuration": inputs["maxSessionDuration"],
        "Tags": tags.pairs(inputs.get("tags")),
    }
    if inputs.get("permissionsBoundary"):
        request["PermissionsBoundary"] = inputs["permissionsBoundary"]
    aws.iam.create_role(**request)
    return inputs["name"]


def _read_role(aws: Aws, made: str, _state: Values) -> Values | None:
    try:
        role: Any = aws.iam.get_role(RoleName=made)["Role"]
    except aws.iam.exceptions.NoSuchEntityException:
        return None
    return {
        "name": role["RoleName"],
        "path": role["Path"],
        "assumeRolePolicy": json_text(role["AssumeRolePolicyDocument"]),
        "description": role.get("Description"),
        "maxSessionDuration": role.get("MaxSessionDuration"),
        "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "arn": role["Arn"],
        "uniqueId": role["RoleId"],
        "createDate": role["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        **tags.both(role.get("Tags", [])),
    }


def _update_role(aws: Aws, made: str, update: Update) -> None:
    new, changed = update.new, update.changed
    if "assumeRolePolicy" in changed:
        aws.iam.update_assume_role_policy(RoleName=made, PolicyDocument=new["assumeRolePolicy"])
    if changed & {"description", "maxSessionDuration"}:
        aws.iam.update_role(
            RoleName=made, Description=new.get("description", ""), MaxSessionDuration=new["maxSessionDuration"]
        )
    if "permissionsBoundary" in changed and new.get("permissionsBoundary"):
        aws.iam.put_role_permissions_boundary(RoleName=made, PermissionsBoundary=new["permissionsBoundary"])
    elif "permissionsBoundary" in changed:
        aws.iam.delete_role_permissions_boundary(RoleName=made)
    if "tags" in changed:
        set_tags, removed = tags.changes(update)
        aws.iam.untag_role(RoleName=made, TagKeys=removed)
        aws.iam.tag_role(RoleName=made, Tags=tags.pairs(set_tags))


def _delete_role(aws: Aws, made: str, state: Values) -> None:
    if state.get("forceDetachPolicies"):
        for policy in aws.iam.list_attached_role_policies(RoleName=made)["AttachedPolicies"]:
            aws.iam.detach_role_policy(RoleName=made, PolicyArn=policy.get("PolicyArn", ""))
        for name in aws.iam.list_role_policies(RoleName=made)["PolicyNames"]:
            aws.iam.delete_role_policy(RoleName=made, PolicyName=name)
    aws.iam.delete_role(RoleName=made)


ROLE = ResourceType(
    type="aws:iam/role:Role",
    title="IAM Role",
    properties={
        "name": replaces(STRING, named=Naming(longest=64)),
        "namePrefix": PREFIX,
        "path": replaces(STRING, default="/"),
        "assumeRolePolicy": updates(POLICY, required=True),
        "description": updates(STRING),
        "maxSessionDuration": updates(NUMBER, default=3600, between=(3600, 43200)),
        "permissionsBoundary": updates(STRING),
        "forceDetachPolicies": updates(BOOLEAN, default=False, unread=True),
        "inlinePolicies": refused("use aws.iam.RolePolicy"),
        "managedPolicyArns": refused("use aws.iam.RolePolicyAttachment"),
        "arn": computed(STRING),
        "createDate": computed(STRING),
        "uniqueId": computed(STRING),
        **TAGS,
    },
    actions=Actions(create=_create_role, read=_read_role, update=_update_role, delete=_delete_role),
)


def _put_role_policy(aws: Aws, inputs: Values) -> str:
    aws.iam.put_role_policy(RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"])
    return f"{inputs['role']}:{inputs['name']}"


def _read_role_policy(aws: Aws, made: str, _state: Values) -> Values | None:
    role, _, name = made.partition(":")
    try:
        found = aws.iam.get_role_policy(RoleName=role, PolicyName=name)
    except aws.iam.exceptions.NoSuchEntityException:
        return None
    return {"role": role, "name": name, "policy": json_text(found["PolicyDocument"])}


def _delete_role_policy(aws: Aws, made: str, _state: Values) -> None:
    role, _, name = made.partition(":")
    aws.iam.delete_role_policy(RoleName=role, PolicyName=name)


ROLE_POLICY = ResourceType(
    type="aws:iam/rolePolicy:RolePolicy",
    title="IAM Role Policy",
    properties={
        "name": replaces(STRING, named=Naming(longest=128)),
        "namePrefix": PREFIX,
        "role": replaces(STRING, required=True),
        "policy": updates(POLICY, required=True),
    },
    actions=Actions(
        create=_put_role_policy,
        read=_read_role_policy,
        update=lambda aws, _made, update: _put_role_policy(aws, update.new),
        delete=_delete_role_policy,
    ),
)


def _attach(aws: Aws, inputs: Values) -> str:
    aws.iam.attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
    return f"{inputs['role']}/{inputs['policyArn']}"


def _read_attachment(aws: Aws, made: str, _state: Values) -> Values | None:
    role, _, policy_arn = made.partition("/")
    try:
        attached = aws.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    except aws.iam.exceptions.NoSuchEntityException:
        return None
    if not any(policy.get("PolicyArn") == policy_arn for policy in attached):
        return None
    return {"role": role, "policyArn": policy_arn}


def _detach(aws: Aws, made: str, _state: Values) -> None:
    role, _, policy_arn = made.partition("/")
    aws.iam.detach_role_policy(RoleName=role, PolicyArn=policy_arn)


ROLE_POLICY_ATTACHMENT = ResourceType(
    type="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    title="IAM Role Policy Attachment",
    properties={"role": replaces(STRING, required=True), "policyArn": replaces(STRING, required=True)},
    actions=Actions(create=_attach, read=_read_attachment, delete=_detach),
)

TYPES = (ROLE, ROLE_POLICY, ROLE_POLICY_ATTACHMENT)
