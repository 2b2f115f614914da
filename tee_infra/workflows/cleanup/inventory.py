"""Gather the inventory of the feature environments: listings first, details only for candidates to destroy."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from tee_infra.aws.inventory import AwsInventory
from tee_infra.core.arns import Arns
from tee_infra.core.cleanup.inventory import Inventory, InventoryEntry, Resource
from tee_infra.core.cleanup.inventory_builder import assemble, read_resources
from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.pulumi_state.files import StackLock, checkpoints_folder, locks_folder, stack_names, stacks_of_locks
from tee_infra.core.tags import parse
from tee_infra.core.times import render_duration, render_time
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import RefusedError
from tee_infra.workflows.control.environment_lock import held_locks
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.session.checkout import NAME
from tee_infra.workflows.session.engine_locks import stack_locks

MAX_SKEW: Final = timedelta(minutes=5)
"""AWS allows the same skew for a signature (IAM User Guide, "Signature version 4")."""


class ClockSkewError(RefusedError):
    """This machine's clock differs from AWS, so leases cannot be compared with it."""

    def __init__(self, now: datetime, asked_at: datetime) -> None:
        self.now = now
        self.asked_at = asked_at
        ahead = "ahead of" if now > asked_at else "behind"
        super().__init__(
            f"clock: this machine ({render_time(now)}) is {render_duration(abs(now - asked_at))} {ahead} AWS "
            f"({render_time(asked_at)}); allowed are {render_duration(MAX_SKEW)}. Nothing was changed",
            next="Set the clock (timedatectl set-ntp true), then run the same command again",
        )


def gather_inventory(context: FeatureContext, branches: Branches | None, now: datetime) -> Inventory:
    """The listings of registry, state, AWS and locks. The number of requests only grows with their pages.

    The registry comes first and locks last: an environment created meanwhile is locked by then, and one destroyed
    meanwhile still has a record, so neither looks like a leftover. Raises `ClockSkewError`, and `AwsError` for a
    partial listing.
    """
    listing = context.records()
    _require_clock(context, now, listing.asked_at)
    stacks = stack_names(context.state.names(checkpoints_folder(NAME)))
    resources = _resources(context)
    stack_locks = _stack_locks(context, listing.asked_at)
    locked_by = {
        name: lock if isinstance(lock, Unreadable) else f"{lock.holder} ({lock.purpose})"
        for name, lock in held_locks(context.locks).items()
    }
    return assemble(
        context.target.account_id,
        context.host.repository,
        records=listing.records,
        stacks=stacks,
        resources=resources,
        locked_by=locked_by,
        stack_locks=stack_locks,
        branches=branches,
    )


def look_closer(context: FeatureContext, inventory: Inventory, names: Collection[str]) -> Inventory:
    """The inventory with checkpoints and role tags of `names`. Raises `AwsError`."""
    aws = AwsInventory.connect(context.connection)
    looked = (_look_at(context, aws, found) if found.name in names else found for found in inventory.entries)
    return replace(inventory, entries=tuple(looked))


def _require_clock(context: FeatureContext, now: datetime, asked_at: datetime) -> None:
    """Not on the embedded AWS: `now` may be `--now`, and its clock is this machine's."""
    if not context.target.embedded and abs(now - asked_at) > MAX_SKEW:
        raise ClockSkewError(now, asked_at)


def _resources(context: FeatureContext) -> list[Resource]:
    """Tables are listed after tags: a tagged table that is missing was deleted, and a new table has no tags yet."""
    aws = AwsInventory.connect(context.connection)
    here = Arns(account_id=context.target.account_id, region=context.host.region, environment="")
    return read_resources(aws.tagged(), aws.tables(), aws.roles(), here, NAME)


def _stack_locks(context: FeatureContext, real_now: datetime) -> dict[str, list[StackLock]]:
    stacks = stacks_of_locks(context.state.names(locks_folder(NAME)))
    alone = context.target.embedded
    return {stack: list(stack_locks(context.state, stack, real_now, alone=alone).values()) for stack in stacks}


def _look_at(context: FeatureContext, aws: AwsInventory, found: InventoryEntry) -> InventoryEntry:
    checkpoint, has_stack = found.checkpoint, found.has_stack
    if has_stack:
        checkpoint = context.checkpoint(found.name)
        has_stack = checkpoint is not None  # or it is gone since it was listed
    resources = (resource if resource.tags_known else _with_tags(aws, resource) for resource in found.resources)
    there = tuple(resource for resource in resources if resource is not None)
    return replace(found, has_stack=has_stack, checkpoint=checkpoint, resources=there)


def _with_tags(aws: AwsInventory, role: Resource) -> Resource | None:
    """None: it is gone since it was listed."""
    tags = aws.role_tags(role.name)
    return None if tags is None else replace(role, tags=parse(tags, NAME), tags_known=True)
