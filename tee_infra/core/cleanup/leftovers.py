"""What is left of an environment after its stack, and which of it may be deleted: what every source agrees on."""

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
    """Leftovers: those to `reclaim`, roles first, and what is `left` alone (`table x-tee-admin` -> why)."""

    reclaim: tuple[Resource, ...]
    left: Mapping[str, str]


def plan_leftovers(record: FeatureRecord, found: Sequence[Resource], account_id: str, region: str) -> LeftoverPlan:
    """Divide what was `found` under the names of the record's environment.

    Only what has the exact name that the program gives, in this account and region, tags that can be read and say the
    same environment, and a registry record or tombstone of a feature environment is reclaimed. Never by prefix.
    Raises `UnknownEnvironmentError`.
    """
    environment = parse_environment(record.environment)
    expected = _arns(environment, Arns(account_id=account_id, region=region, environment=environment.name))
    reasons = [(resource, _reason_to_leave(resource, environment, expected)) for resource in found]
    # A role still gives access, so it goes before what it gives access to.
    order = ("role", "parameter", "table")
    reclaim = sorted(
        (one for one, reason in reasons if reason is None), key=lambda one: (order.index(one.kind), one.name)
    )
    return LeftoverPlan(reclaim=tuple(reclaim), left={label(one): reason for one, reason in reasons if reason})


def label(resource: Resource) -> str:
    """What it is and how it is called: `table feature-x-tee-admin`."""
    return f"{resource.kind} {resource.name}"


def _reason_to_leave(resource: Resource, environment: Environment, expected: frozenset[str]) -> str | None:
    if not environment.is_feature:
        return f"{environment.name} stands"
    if resource.arn not in expected:
        return f"its ARN {resource.arn} is none that the program makes"
    match resource.tags:
        case StackTags() if resource.tags.environment == environment:
            return None
        case StackTags():
            return f"its tags say that it is of {resource.tags.environment.name}"
        case Unreadable():
            return resource.tags.reason
        case None:
            return "it has no tags of ours"


def _arns(environment: Environment, arns: Arns) -> frozenset[str]:
    """Of everything that `tee_infra.program` makes for a feature environment and that can be listed."""
    roles = [arns.role(role) for role in environment.kind.roles]
    parameters = [arns.parameter("tables", table.name) for table in TABLES]
    return frozenset([*arns.tables, *roles, *parameters])
