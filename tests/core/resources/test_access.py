from collections.abc import Callable
from typing import Any

import pytest

from tee_infra.core.arns import Arns
from tee_infra.core.environments import KINDS, Environment, parse_environment
from tee_infra.core.resources import access, audit_trail, topic_policy
from tee_infra.core.resources.access.documents import allow, document
from tee_infra.core.resources.access.pipelines import FEATURE_HOST
from tee_infra.core.resources.access.role import guarded_roles
from tee_infra.core.resources.evaluator import many
from tee_infra.core.settings import settings_for
from tee_infra.core.tables.catalog import TABLES
from tests.support.iam_roles import all_of

# The longest names of each kind: a slot, and a feature environment of the longest slug; the longest region.
ENVIRONMENTS = ("prod", "prod-v9999", "staging", "dev", "test", "feature-" + "a" * 32)
REGION = "ap-southeast-1"
REGIONS = (REGION, "us-gov-west-1", "cn-northwest-1")
"""The longest names of each partition, which is in every ARN."""
Bound = Callable[[Environment, Arns], access.Document]


def own(environment: str, region: str = REGION) -> Arns:
    return Arns(account_id="123456789012", region=region, environment=environment)


def roles(environment: str, region: str = REGION, **settings: Any) -> list[access.Role]:
    parsed = parse_environment(environment)
    config: dict[str, Any] = {"name": environment, "owner": "platform", "repository": "a" * 39 + "/" + "b" * 60}
    if parsed.is_feature:
        config |= {"branch": "feature/x", "expires_at": "2026-12-01T00:00:00Z"}
    return access.roles(parsed, settings_for(parsed, config | settings), own(environment, region))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_has_the_roles_of_its_kind(environment: str) -> None:
    assert tuple(role.name for role in roles(environment)) == parse_environment(environment).kind.roles


SETTINGS = [
    {"customer_managed_key": key, "alarms": alarms, "monthly_budget_usd": budget, "audit": audit} | trusted
    for key in (True, False)
    for alarms in (True, False)
    for budget in (100.0, None)
    for audit in ("all", "non_app", "off")
    for trusted in (
        {},
        {
            "repository_id": "9" * 15,
            "repository_owner_id": "9" * 15,
            "job_workflow_ref": f"{'a' * 39}/{'b' * 60}/.github/workflows/{'c' * 60}.yml@refs/heads/main",
        },
    )
]
"""Every setting that changes a policy, with every other one."""

INLINE, TRUST, MANAGED = 10_240, 2_048, 6_144
"""The characters that IAM takes: of a role's inline policies together, of its trust policy, of a managed policy."""
ATTACHED = 10
"""The managed policies that IAM attaches to a role, without asking for more."""


def filled(limit: int, document: access.Document, *, part: float = 0.5) -> bool:
    """Whether the policy is at most this part of the limit. IAM counts no white space."""
    return len(access.render(document)) <= part * limit


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_policies_keep_the_limits_of_iam_with_every_setting(environment: str, region: str) -> None:
    """Half of each limit is free, so that a new resource needs no split.

    With the longest names, the trust of the privileged deployer is 15 characters above its half.
    """
    settings = [one for one in SETTINGS if one["audit"] == "off" or not parse_environment(environment).is_feature]
    settings += [{"slots": slots} for slots in SLOTS if environment == "prod"]
    for role in (role for one in settings for role in roles(environment, region, **one)):
        assert filled(INLINE, role.permissions), role.name
        assert all(filled(MANAGED, policy) for policy in role.attached.values()), role.name
        assert len(role.attached) <= ATTACHED / 2
        assert filled(TRUST, role.trust, part=0.51), role.name
        assert role.description.isascii()
        assert len(role.description) <= 1_000


SLOTS = (["prod-v9998", "prod-v9999"], ["legacy"])
"""The longest that production's settings take."""


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("slots", SLOTS)
def test_the_boundary_keeps_the_limit_of_iam_with_slots(slots: list[str], region: str) -> None:
    assert filled(MANAGED, access.boundary(parse_environment("prod"), own("prod", region), slots))


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("environment", [name for name in ENVIRONMENTS if not name.startswith("feature-")])
@pytest.mark.parametrize("bound", [access.boundary, access.pipeline_boundary])
def test_the_boundaries_keep_the_limit_of_iam(bound: Bound, environment: str, region: str) -> None:
    assert filled(MANAGED, bound(parse_environment(environment), own(environment, region)))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_roles_that_no_pipeline_may_change_have_managed_policies(environment: str) -> None:
    """No pipeline makes, changes, attaches or detaches one, and cleanup deletes roles without any."""
    attached = {role.name for role in roles(environment, customer_managed_key=True) if role.attached}

    assert attached <= set(guarded_roles(parse_environment(environment)))
    assert attached == {role.name for role in roles(environment) if role.name.endswith("deployer")}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_group_of_a_split_policy_is_empty(environment: str) -> None:
    """IAM refuses a policy without a statement."""
    bare = {"customer_managed_key": False, "alarms": False, "monthly_budget_usd": None, "audit": "off"}
    for role in (role for settings in (bare, {}) for role in roles(environment, **settings)):
        assert all(policy["Statement"] for policy in (role.permissions, *role.attached.values()))
    assert [role.name for role in roles(environment, **bare) if role.attached] == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_statement_has_an_identifier_that_iam_takes(environment: str) -> None:
    documents = [
        access.boundary(parse_environment(environment), own(environment)),
        access.pipeline_boundary(parse_environment(environment), own(environment)),
        audit_trail.bucket_policy(own(environment)),
    ]
    documents += [document for role in roles(environment) for document in (role.trust, all_of(role))]
    documents += [access.table_policy(own(environment), own(environment).table(table)) for table in TABLES]
    documents += [audit_trail.key_policy(own(environment)), topic_policy.topic_policy(own(environment))]
    for policy in documents:
        identifiers = [statement["Sid"] for statement in policy["Statement"]]
        assert len(set(identifiers)) == len(identifiers)
        assert all(identifier.isalnum() for identifier in identifiers)


def test_a_table_policy_keeps_the_limit_of_dynamodb() -> None:
    for table in TABLES:
        assert len(access.render(access.table_policy(own("prod-v9999"), own("prod-v9999").table(table)))) <= 20 * 1024


def test_every_kind_names_only_roles_that_there_are() -> None:
    for kind in KINDS.values():
        environment = "feature-x" if kind.name == "feature" else kind.name
        assert len(roles(environment)) == len(kind.roles)


def test_no_github_subject_has_a_wildcard() -> None:
    for environment in ENVIRONMENTS:
        for role in roles(environment):
            for statement in role.trust["Statement"]:
                if "Federated" not in statement["Principal"]:
                    continue
                conditions = statement["Condition"]
                assert list(conditions) == ["StringEquals"]
                assert "*" not in str(conditions)
                assert (
                    f":environment:{environment}"
                    in conditions["StringEquals"]["token.actions.githubusercontent.com:sub"]
                )


def test_features_are_bounded_by_the_environment_that_makes_them() -> None:
    bounded = access.bounded_by(parse_environment("feature-x"), own("feature-x"))

    assert bounded == "arn:aws:iam::123456789012:policy/tee/dev/dev-tee-boundary"
    assert access.bounded_by(parse_environment("staging"), own("staging")) == own("staging").boundary


def test_one_environment_hosts_features() -> None:
    assert [kind.name for kind in KINDS.values() if "cleanup" in kind.roles] == [FEATURE_HOST]


def test_cleanup_can_read_and_delete_whatever_the_deployer_makes_for_a_feature_environment() -> None:
    """The engine destroys with the cleanup role what it made with the deployer's."""
    allowed = {role.name: allowed_on(all_of(role), "/feature-*") for role in roles(FEATURE_HOST)}
    looks_or_deletes = {action for action in allowed["deployer"] if action.split(":")[1].startswith(READS_OR_DELETES)}

    assert looks_or_deletes - allowed["cleanup"] == set()
    assert {"dynamodb:DeleteTable", "iam:DeleteRolePolicy", "ssm:GetParameter"} <= looks_or_deletes


READS_OR_DELETES = ("Delete", "Describe", "Get", "List")


def allowed_on(policy: access.Document, part: str) -> set[str]:
    return {
        action
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow" and part in str(statement["Resource"])
        for action in many(statement["Action"])
    }


def test_partitions_follow_the_region() -> None:
    china = Arns(account_id="123456789012", region="cn-north-1", environment="dev")
    government = Arns(account_id="123456789012", region="us-gov-west-1", environment="dev")

    assert china.topic == "arn:aws-cn:sns:cn-north-1:123456789012:dev-tee-alarms"
    assert government.boundary == "arn:aws-us-gov:iam::123456789012:policy/tee/dev/dev-tee-boundary"


def test_a_list_of_one_is_written_as_aws_answers_it() -> None:
    statement = allow("One", ["a:B"], ["x"], conditions={"StringEquals": {"k": ["v"]}})

    assert statement == {
        "Sid": "One",
        "Effect": "Allow",
        "Action": "a:B",
        "Resource": "x",
        "Condition": {"StringEquals": {"k": "v"}},
    }
    assert access.render(document(statement)) == access.render(document(statement))
