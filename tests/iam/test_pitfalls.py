"""Mistakes that others made, each shown to be one, and shown to be absent here. The evaluator is tested by them."""

from typing import Any

from policy_sentry.querying.actions import get_actions_for_service

from tee_infra.core.environments import parse_environment
from tee_infra.core.resources import access
from tee_infra.core.resources.access.cutover import CUTOVER
from tee_infra.core.resources.access.documents import allow, deny, document
from tee_infra.core.resources.evaluator import Request, is_allowed, many, matches
from tee_infra.core.tables.catalog import TABLES
from tests.iam.matrix import TABLE
from tests.support.iam_roles import PERSON, arns, every_role, role_policies

EVERYTHING = document(allow("All", ["*"], ["*"]))


def call(action: str, resource: str, **context: str) -> Request:
    return Request(
        principal=PERSON, action=action, resource=resource, context={k.replace("_", ":"): v for k, v in context.items()}
    )


def statements() -> list[tuple[str, dict[str, Any]]]:
    with_slots = [
        ("prod", role, role_policies("prod", role, slots=slots).permissions)
        for slots in (["prod-v2", "prod-v3"], ["legacy"])
        for role in ("app", "developer", "migrator")
    ]
    every = [*every_role(), *with_slots]
    return [(f"{e}/{role}", statement) for e, role, policy in every for statement in policy["Statement"]]


def test_a_pattern_also_matches_a_longer_name() -> None:
    too_wide = document(allow("Prod", ["dynamodb:GetItem"], [TABLE + "prod-*"]))

    assert is_allowed(call("dynamodb:GetItem", TABLE + "prod-hotfix-tee-admin"), too_wide)


def test_here_the_only_patterns_in_table_names_are_those_of_feature_environments() -> None:
    """In what is allowed: a Deny of too much is safe."""
    for where, statement in statements():
        if statement["Effect"] == "Deny":
            continue
        for resource in many(statement["Resource"]):
            if ":table/" not in resource:
                continue
            table, *rest = resource.split(":table/")[1].split("/")
            assert not set("*?") & set(table.removeprefix("feature-*-")), where
            assert rest in ([], ["index", "*"], ["stream", "*"]), where


def test_a_deny_on_a_tag_or_on_missing_mfa_fails_open() -> None:
    by_tag = document(deny("Prod", ["*"], ["*"], conditions={"StringEquals": {"aws:ResourceTag/env": "prod"}}))
    by_mfa = document(deny("NoMfa", ["*"], ["*"], conditions={"Bool": {"aws:MultiFactorAuthPresent": "false"}}))
    fixed = document(deny("NoMfa", ["*"], ["*"], conditions={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}))
    untagged = call("dynamodb:DeleteTable", TABLE + "prod-tee-admin")

    assert is_allowed(untagged, EVERYTHING, None, by_tag)
    assert is_allowed(untagged, EVERYTHING, None, by_mfa)
    assert not is_allowed(untagged, EVERYTHING, None, fixed)


def test_here_every_deny_of_a_role_is_without_a_condition() -> None:
    assert [
        where for where, statement in statements() if statement["Effect"] == "Deny" and "Condition" in statement
    ] == []


SETTINGS_OF_A_BUCKET = {"s3:Get*Configuration", "s3:GetBucket*"}
"""The only wildcards: reads of settings, none of them of a file."""


def test_a_condition_on_leading_keys_of_a_request_without_any_fails_open() -> None:
    """A Scan has no key, and a condition for all values holds for none."""
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "pointer#prod"}}
    open_, fixed = (
        document(allow("Own", ["dynamodb:*"], [TABLE + "tee-control"], conditions=conditions))
        for conditions in (own, own | {"Null": {"dynamodb:LeadingKeys": "false"}})
    )

    assert is_allowed(call("dynamodb:Scan", TABLE + "tee-control"), open_)
    assert not is_allowed(call("dynamodb:Scan", TABLE + "tee-control"), fixed)


def test_here_only_the_pointer_depends_on_leading_keys_which_must_be_there() -> None:
    """The control table belongs to all environments, so no ARN says which item an app may end a drain in."""
    bounds = [access.boundary(parse_environment(name), arns(name)) for name in ("prod", "prod-v2", "staging", "dev")]
    found = [
        statement
        for statement in (*(one for _, one in statements()), *(one for policy in bounds for one in policy["Statement"]))
        if "LeadingKeys" in str(statement)
    ]

    cutover = [statement for statement in found if statement["Sid"] != "Pointer"]
    assert {statement["Sid"] for statement in found} == {"Pointer", "Control", "Cutover", "CutoverPointer"}
    for statement in cutover:
        assert set(many(statement["Action"])) <= set(CUTOVER)
        assert statement["Resource"] == TABLE + "tee-control"
        assert statement["Condition"].keys() == {"ForAllValues:StringLike", "Null"}
        assert statement["Condition"]["Null"] == {"dynamodb:LeadingKeys": "false"}
        keys = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        wide = ("replication#*#prod", "replication#*#legacy#") if "Cutover" in statement["Sid"] else ("audit#*",)
        assert all(key.startswith(wide) for key in many(keys) if "*" in key)
    for statement in (one for one in found if one not in cutover):
        assert set(many(statement["Action"])) <= {"dynamodb:GetItem", "dynamodb:UpdateItem"}
        assert matches(statement["Resource"], TABLE + "tee-control")
        assert statement["Resource"].endswith(":table/tee-control")
        assert statement["Condition"].keys() == {"ForAllValues:StringEquals", "Null"}
        assert statement["Condition"]["Null"] == {"dynamodb:LeadingKeys": "false"}
        assert "*" not in statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]


def test_here_no_allow_has_a_wildcard_action() -> None:
    for where, statement in statements():
        if statement["Effect"] == "Allow":
            wild = {action for action in many(statement["Action"]) if "*" in action}
            assert wild <= SETTINGS_OF_A_BUCKET, where


def test_here_the_only_wildcards_are_reads_of_settings() -> None:
    meant = [
        action for action in get_actions_for_service("s3") if any(matches(one, action) for one in SETTINGS_OF_A_BUCKET)
    ]

    assert meant
    assert not [action for action in meant if "Object" in action.replace("ObjectLockConfiguration", "")]


def test_here_table_policies_only_deny_and_lock_nobody_out() -> None:
    for environment in ("prod", "prod-v2"):
        for table in TABLES:
            policy = access.table_policy(arns(environment), arns(environment).table(table))
            assert {statement["Effect"] for statement in policy["Statement"]} == {"Deny"}
            for action in (
                "PutResourcePolicy",
                "DeleteResourcePolicy",
                "GetResourcePolicy",
                "DescribeTable",
                "UpdateTable",
            ):
                request = call(f"dynamodb:{action}", arns(environment).table(table))
                assert is_allowed(request, EVERYTHING, None, policy)


def test_a_service_of_aws_passes_the_table_policy() -> None:
    own = arns("prod").table(TABLES[0])
    policy = access.table_policy(arns("prod"), own)

    assert is_allowed(call("dynamodb:CreateBackup", own, aws_PrincipalIsAWSService="true"), EVERYTHING, None, policy)
    assert not is_allowed(
        call("dynamodb:CreateBackup", own, aws_PrincipalIsAWSService="false"), EVERYTHING, None, policy
    )


def test_an_administrator_reads_by_key_and_not_in_bulk() -> None:
    own = arns("prod").table(TABLES[0])
    policy = access.table_policy(arns("prod"), own)
    usual = {"aws_PrincipalIsAWSService": "false", "aws_PrincipalAccount": "123456789012", "aws_PrincipalArn": PERSON}

    assert is_allowed(call("dynamodb:GetItem", own, **usual), EVERYTHING, None, policy)
    assert not is_allowed(call("dynamodb:Scan", own, **usual), EVERYTHING, None, policy)
