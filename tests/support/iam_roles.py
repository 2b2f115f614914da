"""The project's own policies, ready to be asked about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.environments import parse_environment
from tee_infra.core.resources import access
from tee_infra.core.resources.access.documents import document
from tee_infra.core.resources.access.tables import manage_key
from tee_infra.core.settings import settings_for

ACCOUNT = "123456789012"
REGION = "us-east-1"
PERSON = f"arn:aws:iam::{ACCOUNT}:user/alex"


@dataclass(frozen=True, kw_only=True)
class RolePolicies:
    """One role of one environment."""

    arn: str
    trust: dict[str, Any]
    permissions: dict[str, Any]
    boundary: dict[str, Any]


def arns(environment: str) -> Arns:
    return Arns(account_id=ACCOUNT, region=REGION, environment=environment)


def role_policies(environment: str, role: str, **extra: Any) -> RolePolicies:
    parsed = parse_environment(environment)
    config: dict[str, Any] = {"name": environment, "owner": "platform", "repository": "acme/tee-admin", **extra}
    if parsed.is_feature:
        config |= {"branch": "feature/x", "expires_at": "2026-12-01T00:00:00Z"}
    settings = settings_for(parsed, config)
    own = arns(environment)
    (found,) = [one for one in access.roles(parsed, settings, own) if one.name == role]
    bounding = "dev" if parsed.is_feature else environment
    if found.is_pipeline:
        limits = access.pipeline_boundary(parse_environment(bounding), arns(bounding))
    else:
        limits = access.boundary(parse_environment(bounding), arns(bounding), settings.slots)
    return RolePolicies(
        arn=own.role(role),
        trust=found.trust,
        permissions=all_of(found),
        boundary=limits,
    )


def all_of(role: access.Role) -> dict[str, Any]:
    """The inline and the managed policies of a role as one: IAM reads their statements together."""
    policies = [role.permissions, *role.attached.values()]
    return document(*(statement for policy in policies for statement in policy["Statement"]))


def every_role() -> list[tuple[str, str, dict[str, Any]]]:
    """Environment, role and permissions of every role of every kind."""
    environments = ("prod", "prod-v2", "staging", "dev", "test", "feature-new-auth")
    return [
        (environment, role, role_policies(environment, role).permissions)
        for environment in environments
        for role in parse_environment(environment).kind.roles
    ]


def resource_policy(environment: str, arn: str, slots: Sequence[str] = ()) -> dict[str, Any] | None:
    """The policy of the table that the ARN is of, or is an index of; that of a key leaves all to IAM, as KMS's own.

    The tables are the environment's and its slots'; legacy tables have no policy.
    """
    if arn.startswith("arn:aws:kms:"):
        return document(manage_key(arns(environment)))
    for name in (environment, *slots):
        if name == names.LEGACY or not parse_environment(name).kind.production:
            continue
        for own in arns(name).tables:
            if arn == own or arn.startswith(f"{own}/index/"):
                return access.table_policy(arns(name), own)
    return None
