"""The real engine on the embedded AWS: each test is one stack on a process of its own."""

import os
import re
import signal
from pathlib import Path
from typing import Any

import pulumi_aws as aws
import pytest
from pulumi import Output, ProviderResource, ResourceOptions, export
from pulumi import automation as auto

from tee_infra import local
from tee_infra.engine import find_engine
from tee_infra.local import EmbeddedAws
from tee_infra.stacks.cli import Cli
from tests.local.clients import client, make_table

pytestmark = pytest.mark.engine
KEY_SCHEMAS = [{"attribute_name": "date", "key_type": "HASH"}, {"attribute_name": "sk", "key_type": "RANGE"}]


class Stack:
    """A stack of one table, whose arguments a test changes between runs."""

    def __init__(self, running: EmbeddedAws, work: Path) -> None:
        self.arguments: dict[str, Any] = {}
        self.owner = "me"
        self.more: Any = lambda _options, _table: None
        engine = find_engine(os.environ)
        assert engine is not None
        (work / "state").mkdir()
        environment = {
            **local.shell_environment(running),
            "PULUMI_BACKEND_URL": f"file://{work}/state",
            "PULUMI_CONFIG_PASSPHRASE": "x",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
        }
        options = auto.LocalWorkspaceOptions(env_vars=environment, pulumi_command=Cli(engine.command, engine.version))
        self._stack = auto.create_stack("dev", project_name="trial", program=self._program, opts=options)

    def _program(self) -> None:
        tags = aws.ProviderDefaultTagsArgs(tags={"tee:owner": self.owner})
        provider: ProviderResource = aws.Provider("embedded", region="us-east-1", default_tags=tags)
        options = ResourceOptions(provider=provider)
        arguments: dict[str, Any] = {
            "name": "dev-schedules",
            "hash_key": "pk",
            "range_key": "sk",
            "billing_mode": "PAY_PER_REQUEST",
            "attributes": [{"name": name, "type": "S"} for name in ("pk", "sk", "date")],
            "global_secondary_indexes": [{"name": "by-date", "key_schemas": KEY_SCHEMAS, "projection_type": "ALL"}],
            "ttl": {"attribute_name": "expires_at", "enabled": True},
            "tags": {"a": "b"},
        }
        table = aws.dynamodb.Table("table", **arguments | self.arguments, opts=options)
        export("arn", Output.from_input(table.arn))
        self.more(options, table)

    def up(self) -> dict[str, int]:
        return dict(self._stack.up().summary.resource_changes or {})

    def preview(self) -> dict[str, int]:
        return {str(getattr(op, "value", op)): n for op, n in self._stack.preview().change_summary.items()}

    def refresh(self) -> dict[str, int]:
        return dict(self._stack.refresh().summary.resource_changes or {})

    def destroy(self) -> dict[str, int]:
        return dict(self._stack.destroy().summary.resource_changes or {})


@pytest.fixture(scope="module", autouse=True)
def loaded_in_the_main_thread() -> None:
    assert aws.dynamodb.Table  # the SDK's lazy import is not safe in the program's thread


@pytest.fixture
def stack(alone: EmbeddedAws, tmp_path: Path) -> Stack:
    return Stack(alone, tmp_path)


def test_a_table_lives_through_up_change_replacement_and_destroy(alone: EmbeddedAws, stack: Stack) -> None:
    dynamodb = client(alone, "dynamodb")
    assert stack.preview() == {"create": 3}
    assert dynamodb.list_tables()["TableNames"] == []
    assert stack.up() == {"create": 3}
    dynamodb.put_item(TableName="dev-schedules", Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
    assert stack.preview() == {"same": 3}
    assert stack.refresh() == {"same": 3}

    stack.owner = "you"
    stack.arguments = {"deletion_protection_enabled": False, "ttl": {"attribute_name": "expires_at", "enabled": False}}
    assert stack.preview() == {"same": 1, "update": 2}
    assert stack.up() == {"same": 1, "update": 2}
    assert dynamodb.scan(TableName="dev-schedules")["Count"] == 1

    stack.arguments["range_key"] = "date"
    stack.arguments["attributes"] = [{"name": name, "type": "S"} for name in ("pk", "sk", "date")]
    assert stack.preview() == {"replace": 1, "same": 2}
    assert stack.up() == {"replace": 1, "same": 2}
    assert dynamodb.scan(TableName="dev-schedules")["Count"] == 0
    assert stack.destroy() == {"delete": 3}
    assert dynamodb.list_tables()["TableNames"] == []


def test_drift_is_invisible_to_preview_and_seen_by_refresh(alone: EmbeddedAws, stack: Stack) -> None:
    stack.up()
    dynamodb = client(alone, "dynamodb")
    arn = dynamodb.describe_table(TableName="dev-schedules")["Table"]["TableArn"]
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "stray", "Value": "x"}])
    assert stack.preview() == {"same": 3}
    assert stack.refresh() == {"same": 2, "update": 1}
    assert stack.preview() == {"same": 2, "update": 1}
    dynamodb.delete_table(TableName="dev-schedules")
    assert stack.refresh() == {"delete": 1, "same": 2}
    assert stack.up() == {"create": 1, "same": 2}


def test_a_protected_table_survives_destroy_and_replacement(alone: EmbeddedAws, stack: Stack) -> None:
    stack.arguments = {"deletion_protection_enabled": True}
    stack.up()
    with pytest.raises(auto.CommandError, match="currently protected against deletion"):
        stack.destroy()
    stack.arguments = {"deletion_protection_enabled": False, "range_key": "date"}
    with pytest.raises(auto.CommandError, match="currently protected against deletion"):
        stack.up()
    assert client(alone, "dynamodb").list_tables()["TableNames"] == ["dev-schedules"]


def test_a_table_is_imported_by_name(alone: EmbeddedAws, stack: Stack) -> None:
    make_table(alone, "found")

    def found(options: ResourceOptions, _table: aws.dynamodb.Table) -> None:
        aws.dynamodb.Table(
            "found",
            name="found",
            hash_key="pk",
            billing_mode="PAY_PER_REQUEST",
            attributes=[{"name": "pk", "type": "S"}],
            opts=ResourceOptions.merge(options, ResourceOptions(import_="found")),
        )

    stack.up()
    stack.more = found
    client(alone, "dynamodb").tag_resource(
        ResourceArn="arn:aws:dynamodb:us-east-1:000000000000:table/found", Tags=[{"Key": "tee:owner", "Value": "me"}]
    )
    assert stack.up() == {"import": 1, "same": 3}
    assert stack.preview() == {"same": 4}


def test_a_process_killed_in_the_middle_of_an_up_leaves_a_stack_that_the_next_run_mends(
    alone: EmbeddedAws, stack: Stack
) -> None:
    stack.up()

    def kill(_arn: str) -> str:
        os.kill(alone.pid, signal.SIGKILL)
        return "second"

    def second(options: ResourceOptions, table: aws.dynamodb.Table) -> None:
        aws.dynamodb.Table(
            "second",
            name=table.arn.apply(kill),
            hash_key="pk",
            billing_mode="PAY_PER_REQUEST",
            attributes=[{"name": "pk", "type": "S"}],
            opts=options,
        )

    stack.more = second
    with pytest.raises(auto.CommandError):
        stack.up()
    again = local.start(alone.directory)
    assert (again.endpoint, again.provider_port) == (alone.endpoint, alone.provider_port)
    stack.more = lambda _options, _table: None
    stack.refresh()
    assert stack.up() in ({"create": 1, "same": 2}, {"same": 3})
    assert client(again, "dynamodb").list_tables()["TableNames"] == ["dev-schedules"]


def test_what_cannot_be_had_is_said_by_name(stack: Stack) -> None:
    stack.more = lambda options, _table: aws.sqs.Queue("queue", opts=options)
    with pytest.raises(auto.CommandError) as refused:
        stack.up()
    assert re.search(r"does not support the resource type aws:sqs/queue:Queue", str(refused.value))
