"""The leftovers of an environment without a stack, and which of them may be deleted: where all sources agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tee_infra.core.arns import Arns
from tee_infra.core.cleanup.inventory import Resource
from tee_infra.core.environments import Environment, parse_environment
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.tables.catalog import TABLES
from tee_infra.core.tags import StackTags
from tee_infra.core.unreadable import Unreadable


@dataclass(frozen=True, kw_only=True)
class LeftoverPlan:
    """Leftovers to delete (`deletable`), roles first, and those to keep (`kept`: `table x-tee-admin` -> reason)."""

    deletable: tuple[Resource, ...]
    kept: Mapping[str, str]


def plan_leftovers(record: FeatureRecord, found: Sequence[Resource], account_id: str, region: str) -> LeftoverPlan:
    """Sort the resources `found` under the names of the record's environment.

    A resource is deleted only if it has the exact name that the program gives, in this account and region, readable
    tags of the same environment, and a record or tombstone of a feature environment. Never by prefix.
    Raises `UnknownEnvironmentError`.
    """
    environment = parse_environment(record.environment)
    expected = _arns(environment, Arns(account_id=account_id, region=region, environment=environment.name))
    reasons = [(resource, _reason_to_keep(resource, environment, expected)) for resource in found]
    # A role still gives access, so it is deleted before the resources that it gives access to.
    order = ("role", "parameter", "table")
    deletable = sorted(
        (one for one, reason in reasons if reason is None), key=lambda one: (order.index(one.kind), one.name)
    )
    return LeftoverPlan(deletable=tuple(deletable), kept={label(one): reason for one, reason in reasons if reason})


def label(resource: Resource) -> str:
    """Its kind and name: `table feature-x-tee-admin`."""
    return f"{resource.kind} {resource.name}"


def _reason_to_keep(resource: Resource, environment: Environment, expected: frozenset[str]) -> str | None:
    if not environment.is_feature:
        return f"{environment.name} is a permanent environment"
    if resource.arn not in expected:
        return f"the program creates no resource with its ARN {resource.arn}"
    match resource.tags:
        case StackTags() if resource.tags.environment == environment:
            return None
        case StackTags():
            return f"it has the tags of {resource.tags.environment.name}"
        case Unreadable():
            return resource.tags.reason
        case None:
            return "it has no tee:* tags"


def _arns(environment: Environment, arns: Arns) -> frozenset[str]:
    """The ARNs of all listable resources that `tee_infra.program` creates for a feature environment."""
    roles = [arns.role(role) for role in environment.kind.roles]
    parameters = [arns.parameter("tables", table.name) for table in TABLES]
    return frozenset([*arns.tables, *roles, *parameters])
