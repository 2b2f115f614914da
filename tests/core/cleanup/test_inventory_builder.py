from datetime import UTC, datetime
from typing import Any

import pytest

from tee_infra.core.arns import Arns
from tee_infra.core.cleanup.inventory import InventoryEntry, Resource
from tee_infra.core.cleanup.inventory_builder import assemble, environment_of, read_resources
from tee_infra.core.pulumi_state.files import StackLock
from tee_infra.core.tags import StackTags
from tee_infra.core.unreadable import Unreadable

ACCOUNT = "123456789012"
HERE = Arns(account_id=ACCOUNT, region="us-east-1", environment="")
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/"
ROLE = f"arn:aws:iam::{ACCOUNT}:role"
PARAMETER = f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234"


def tags(environment: str, **more: str) -> dict[str, str]:
    said = {"managed-by": "pulumi", "environment": environment, "stack": f"tee-infra/{environment}", **more}
    return {f"tee:{key}": value for key, value in {"expires-at": "2026-12-01T00:00:00Z", **said}.items()}


def read(
    tagged: dict[str, dict[str, str]], tables: tuple[str, ...] = (), roles: tuple[str, ...] = ()
) -> list[Resource]:
    return read_resources(tagged, tables, roles, HERE, "tee-infra")


def test_the_bare_tables_are_under_the_name_of_their_stack() -> None:
    said = {f"tee:{key}": name for key, name in {"environment": "legacy", "stack": "tee-infra/legacy"}.items()}
    (found,) = read({f"{TABLE}tee-admin": {"tee:managed-by": "pulumi", "tee:kind": "prod", **said}}, ("tee-admin",))
    assert environment_of(found) == "legacy"
    assert read({}, ("tee-admin",)) == []


@pytest.mark.parametrize(
    ("arn", "environment"),
    [
        (f"{TABLE}feature-x-tee-admin", "feature-x"),
        (f"{TABLE}feature-a-tee-admin-tee-sync-status", "feature-a-tee-admin"),
        (f"{TABLE}prod-v2-tee-schedules", "prod-v2"),
        (f"{TABLE}prod-hotfix-tee-admin", "prod-hotfix"),
        (f"{TABLE}feature-x-tee-admin-restored", "feature-x-tee-admin-restored"),
        (f"{TABLE}mine", "feature-y"),
        (f"{ROLE}/tee/feature-x/feature-x-tee-app", "feature-x"),
        (f"{ROLE}/tee/feature-x/other", "feature-x"),
        (f"{ROLE}/tee/other", "other"),
        (f"{PARAMETER}/tee/feature-x/tables/tee-admin", "feature-x"),
        (KEY, "feature-y"),
    ],
)
def test_a_resource_is_of_the_environment_that_its_name_tells_and_else_its_tags(arn: str, environment: str) -> None:
    names = (arn.removeprefix(TABLE),) if arn.startswith(TABLE) else ()
    (resource,) = read({arn: tags("feature-y")}, tables=names)
    assert (environment_of(resource), resource.arn) == (environment, arn)
    assert isinstance(resource.tags, StackTags)


def test_what_says_nothing_certain_and_is_named_like_nothing_stands_under_its_own_name() -> None:
    (resource,) = read({f"{TABLE}mine": tags("nonsense")}, tables=("mine",))
    assert environment_of(resource) == "mine"
    assert isinstance(resource.tags, Unreadable)


def test_what_is_neither_named_nor_tagged_like_ours_is_not_ours() -> None:
    bootstrapped = {f"{TABLE}tee-control": {"tee:managed-by": "bootstrap"}, KEY: {"tee:managed-by": "bootstrap"}}
    assert read(bootstrapped, tables=("tee-control", "orders", "tee-admin")) == []


def test_tables_are_what_is_there_now_with_tags_or_without() -> None:
    gone, there = f"{TABLE}feature-x-tee-admin", f"{TABLE}feature-y-tee-admin"
    (resource,) = read({gone: tags("feature-x")}, tables=("feature-y-tee-admin",))
    assert resource == Resource(kind="table", name="feature-y-tee-admin", arn=there)


def test_of_roles_nobody_has_told_the_tags_unless_somebody_has() -> None:
    role = f"{ROLE}/tee/feature-x/feature-x-tee-app"
    (resource,) = read({}, roles=(role,))
    assert (resource.name, resource.tags, resource.tags_known) == ("feature-x-tee-app", None, False)
    (resource,) = read({role: tags("feature-x")}, roles=(role,))
    assert (isinstance(resource.tags, StackTags), resource.tags_known) == (True, True)


def test_everything_under_one_name() -> None:
    unreadable = Unreadable(reason="broken")
    lock = StackLock(holder="ann", since=datetime(2026, 12, 1, tzinfo=UTC), breakable=False)
    table = Resource(kind="table", name="feature-c-tee-admin", arn=f"{TABLE}feature-c-tee-admin")
    everything: dict[str, Any] = {
        "records": {"feature-a": unreadable, "feature-c": unreadable},
        "stacks": ["feature-b", "feature-c"],
        "resources": [table],
        "locked_by": {"feature-c": "ann", "feature-e": "bob", "cleanup": "bob", "dev": "bob"},
        "stack_locks": {"feature-c": [lock], "feature-d": [lock]},
    }
    inventory = assemble(ACCOUNT, "acme/tee-admin", **everything, branches=None)
    assert inventory.entries == (
        InventoryEntry(name="feature-a", record=unreadable),
        InventoryEntry(name="feature-b", has_stack=True),
        InventoryEntry(
            name="feature-c",
            record=unreadable,
            has_stack=True,
            resources=(table,),
            locked_by="ann",
            stack_locks=(lock,),
        ),
        InventoryEntry(name="feature-d", stack_locks=(lock,)),
        InventoryEntry(name="feature-e", locked_by="bob"),
    )
