"""What is known is gathered whole, with few requests, and looked at closer only where it matters."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tee_infra.aws.connection import AwsError
from tee_infra.core.cleanup.inventory import InventoryEntry
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.pulumi_state.checkpoint import Checkpoint
from tee_infra.core.tags import StackTags
from tee_infra.core.unreadable import Unreadable
from tee_infra.workflows.cleanup.inventory import ClockSkewError, gather_inventory, look_closer
from tee_infra.workflows.features.context import FeatureContext
from tests.support.homes import MOTOS_ACCOUNT, NOW, client, make_table, record_of, tags_of
from tests.support.large_account import account, new_head, write_state
from tests.support.listing_aws import cut, serve

STATE = "stacks/tee-infra"
LOCKS = "locks/organization/tee-infra"


def write(context: FeatureContext, name: str, data: bytes) -> None:
    with context.state.write(name) as file:
        file.write(data)


def checkpoint(*names: str) -> bytes:
    resources = [{"urn": f"urn::{name}", "type": "aws:x:X", "custom": True} for name in names]
    return json.dumps({"checkpoint": {"latest": {"resources": resources}}}).encode()


def under(context: FeatureContext, name: str, now: datetime = NOW) -> InventoryEntry:
    return next(found for found in gather_inventory(context, None, now).entries if found.name == name)


def test_registry_state_aws_and_locks_come_together_under_one_name(context: FeatureContext) -> None:
    context.control.write(record_of("feature-x"))
    write(context, f"{STATE}/feature-x.json", checkpoint("one"))
    write(context, f"{LOCKS}/feature-x/1.json", b"{}")
    make_table(client(context.connection, "dynamodb"), "feature-x-tee-admin", tags_of("feature-x"))
    make_table(client(context.connection, "dynamodb"), "feature-look-tee-admin", {})
    context.locks.acquire("feature-x", "ann on laptop", "up feature-x")
    inventory = gather_inventory(context, None, NOW)
    made, looks = inventory.entries[1], inventory.entries[0]
    assert (inventory.account_id, inventory.repository) == (MOTOS_ACCOUNT, "example/tee-admin")
    assert isinstance(made.record, FeatureRecord)
    assert (made.name, made.has_stack, made.checkpoint) == ("feature-x", True, None)
    assert made.locked_by == "ann on laptop (up feature-x)"
    assert [lock.breakable for lock in made.stack_locks] == [True]
    assert [isinstance(resource.tags, StackTags) for resource in made.resources] == [True]
    assert [(resource.name, resource.tags) for resource in looks.resources] == [("feature-look-tee-admin", None)]


def test_a_closer_look_reads_state_and_role_tags_of_those_alone(context: FeatureContext) -> None:
    iam = client(context.connection, "iam")
    for name in ("feature-x", "feature-y"):
        write(context, f"{STATE}/{name}.json", checkpoint("one"))
        tags = [{"Key": key, "Value": value} for key, value in tags_of(name).items()]
        role = {"Path": f"/tee/{name}/", "RoleName": f"{name}-tee-app", "AssumeRolePolicyDocument": "{}"}
        iam.create_role(**role, Tags=tags)
    inventory = gather_inventory(context, None, NOW)
    closer_x, closer_y = look_closer(context, inventory, ["feature-x"]).entries
    assert closer_x.checkpoint == Checkpoint(resources=1)
    assert [resource.tags_known and isinstance(resource.tags, StackTags) for resource in closer_x.resources] == [True]
    assert closer_y == inventory.entries[1]


def test_what_is_gone_since_it_was_listed_is_gone_from_the_inventory(context: FeatureContext) -> None:
    write(context, f"{STATE}/feature-x.json", checkpoint("one"))
    iam = client(context.connection, "iam")
    iam.create_role(Path="/tee/feature-x/", RoleName="feature-x-tee-app", AssumeRolePolicyDocument="{}")
    inventory = gather_inventory(context, None, NOW)
    context.state.delete(f"{STATE}/feature-x.json")
    iam.delete_role(RoleName="feature-x-tee-app")
    assert look_closer(context, inventory, ["feature-x"]).entries == (InventoryEntry(name="feature-x"),)


def test_a_truncated_checkpoint_among_a_hundred_hides_no_other(context: FeatureContext) -> None:
    names = [f"feature-x{number}" for number in range(100)]
    for name in names:
        write(context, f"{STATE}/{name}.json", checkpoint("one"))
    write(context, f"{STATE}/feature-x7.json", checkpoint("one")[:30])
    looked = look_closer(context, gather_inventory(context, None, NOW), names)
    broken = [found.name for found in looked.entries if isinstance(found.checkpoint, Unreadable)]
    assert (len(looked.entries), broken) == (100, ["feature-x7"])


def test_a_thousand_environments_take_as_many_requests_as_they_have_pages(
    context: FeatureContext, tmp_path: Path
) -> None:
    write_state(tmp_path / "state", 1000)
    with serve(account(1000)) as aws:
        inventory = gather_inventory(new_head(context, aws), None, NOW)
    assert len(inventory.entries) == 1000
    assert all(found.record and found.has_stack and len(found.resources) == 4 for found in inventory.entries)
    assert {asked: aws.asked.count(asked) for asked in aws.asked} == {
        "Query": 2,
        "GetResources": 30,
        "ListTables": 20,
        "ListRoles": 1,
    }


@pytest.mark.parametrize("operation", ["Query", "GetResources", "ListTables", "ListRoles"])
def test_a_listing_that_is_not_whole_ends_it(context: FeatureContext, operation: str) -> None:
    with serve(account(3)) as aws:
        aws.faults = {(operation, 0): cut}
        with pytest.raises(AwsError):
            gather_inventory(new_head(context, aws), None, NOW)


@pytest.mark.parametrize("minutes", [-6.5, 6.5])
def test_a_clock_that_differs_from_aws_ends_it(context: FeatureContext, minutes: float) -> None:
    now = datetime.now(UTC)
    with serve(account(0)) as aws:
        there = replace(new_head(context, aws), target=replace(context.target, endpoint=None, provider_port=None))
        gather_inventory(there, None, now)
        aws.clock = lambda: now + timedelta(minutes=minutes)
        with pytest.raises(ClockSkewError, match=f"6 min {'behind' if minutes > 0 else 'ahead of'} AWS"):
            gather_inventory(there, None, now)
