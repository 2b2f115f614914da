"""Builds an inventory from the listings of the registry, the state, AWS and the locks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.cleanup.inventory import Inventory, InventoryEntry, Resource
from tee_infra.core.environments import UnknownEnvironmentError, parse_environment
from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.pulumi_state.files import StackLock
from tee_infra.core.tables.catalog import TABLES
from tee_infra.core.tags import PREFIX, StackTags, parse
from tee_infra.core.unreadable import Unreadable

Tags = Mapping[str, str]
Kind = Literal["table", "role", "parameter", "other"]


def assemble(
    account_id: str,
    repository: str,
    *,
    records: Mapping[str, FeatureRecord | Unreadable],
    stacks: Iterable[str],
    resources: Iterable[Resource],
    locked_by: Mapping[str, str | Unreadable],
    stack_locks: Mapping[str, Sequence[StackLock]],
    branches: Branches | None,
) -> Inventory:
    """Everything under its name. A name that only has a lock counts only if it is a feature environment's."""
    by_name: defaultdict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        by_name[environment_of(resource)].append(resource)
    having = set(stacks)
    found = {*records, *having, *by_name, *stack_locks, *filter(_is_feature, locked_by)}
    return Inventory(
        account_id=account_id,
        repository=repository,
        branches=branches,
        entries=tuple(
            InventoryEntry(
                name=name,
                record=records.get(name),
                has_stack=name in having,
                resources=tuple(by_name[name]),
                locked_by=locked_by.get(name),
                stack_locks=tuple(stack_locks.get(name, ())),
            )
            for name in sorted(found)
        ),
    )


def read_resources(
    tagged: Mapping[str, Tags], tables: Iterable[str], roles: Iterable[str], here: Arns, project: str
) -> list[Resource]:
    """The resources that belong to an environment by name or tags, each once.

    `tagged` is by ARN and may include deleted tables, `tables` are the names of all existing tables, `roles` are
    ARNs. Tables without tags are included. `here` has the account and region.
    """
    there = [f"arn:{here.partition}:dynamodb:{here.region}:{here.account_id}:table/{name}" for name in tables]
    stale = {arn for arn in tagged if _kind(arn)[0] == "table"}.difference(there)
    told = [_resource(arn, tags, project) for arn, tags in tagged.items() if arn not in stale]
    untagged = [_resource(arn, {}, project) for arn in there if arn not in tagged]
    untold = [_resource(arn, None, project) for arn in roles if arn not in tagged]
    return [resource for resource in (*told, *untagged, *untold) if resource is not None]


def environment_of(resource: Resource) -> str:
    """The environment in a resource's name, or in its tags; if neither has one, the resource's own name."""
    named = _named(resource.kind, resource.name, resource.arn)
    if named is not None:
        return named
    return resource.tags.environment.name if isinstance(resource.tags, StackTags) else resource.name


def _resource(arn: str, tags: Tags | None, project: str) -> Resource | None:
    """None: neither name nor tags name an environment. `tags` None: not read."""
    kind, name = _kind(arn)
    if _named(kind, name, arn) is None and f"{PREFIX}environment" not in (tags or {}):
        return None
    return Resource(
        kind=kind, name=name, arn=arn, tags=parse(tags, project) if tags else None, tags_known=tags is not None
    )


def _kind(arn: str) -> tuple[Kind, str]:
    """An ARN's kind of resource and physical name: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`."""
    service, resource = arn.split(":", 5)[2::3]
    match service, resource.split("/", 1):
        case "dynamodb", ["table", name] if "/" not in name:
            return "table", name
        case "iam", ["role", path]:
            return "role", path.rsplit("/", 1)[-1]
        case "ssm", ["parameter", name]:
            return "parameter", f"/{name}"
        case _:
            return "other", resource


def _named(kind: Kind, name: str, arn: str) -> str | None:
    match kind:
        case "table":
            suffix = next((f"-{table.name}" for table in TABLES if name.endswith(f"-{table.name}")), None)
            if suffix is not None:
                return name.removesuffix(suffix)
            return name if name.startswith(names.FEATURE_PREFIX) else None
        case "role":
            return _below_ours(arn.split(":", 5)[-1].removeprefix("role"))
        case "parameter":
            return _below_ours(name)
        case "other":
            return None


def _below_ours(path: str) -> str | None:
    """The environment in a path of IAM or SSM: the part after `/tee/`."""
    ours = f"/{names.SERVICE}/"
    return path.removeprefix(ours).split("/", 1)[0] if path.startswith(ours) else None


def _is_feature(name: str) -> bool:
    try:
        return parse_environment(name).is_feature
    except UnknownEnvironmentError:
        return False
