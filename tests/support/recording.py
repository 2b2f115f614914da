"""Runs the program without an engine, and records what it registers.

    run = standard("dev")
    run = record("dev", {"alarms": True})
    run.one("aws:dynamodb/table:Table", "data-tee-admin").inputs["name"]

Each run has its own event loop, context and monitor, so that runs do not see one another. What AWS would compute
(`arn`, `id`) is made up from the resource's name.
"""

import asyncio
import contextvars
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from unittest.mock import patch

import pulumi
from pulumi.runtime import mocks, rpc
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_root_resource

from tee_infra.core.target import ENDPOINT_VARIABLE, PROVIDERS_VARIABLE
from tee_infra.program import deploy

PROJECT = "tee-infra"
ACCOUNT = "123456789012"
REPOSITORY = "acme/tee-admin"


@dataclass(frozen=True, kw_only=True)
class Record:
    """One registered resource: `inputs` as the provider gets them, the rest as the engine does."""

    type: str
    name: str
    inputs: dict[str, Any]
    parent: str
    provider: str
    protect: bool | None
    ignore_changes: list[str]
    depends_on: list[str]
    aliases: int

    @property
    def parent_type(self) -> str:
        return self.parent.split("::")[2].split("$")[-1]

    @property
    def parent_name(self) -> str:
        return self.parent.split("::")[3]

    @property
    def is_component(self) -> bool:
        return self.type.startswith("tee:")

    @property
    def is_aws(self) -> bool:
        return self.type.startswith("aws:")


@cache
def standard(stack: str) -> "Run":
    """What an environment is made of without any setting of its own. Made once: look, and change nothing."""
    return record(stack)


def record(
    stack: str = "dev",
    environment: Any = None,
    *,
    environ: Mapping[str, str] | None = None,
    program: Callable[[], None] = deploy,
    config: Mapping[str, str] | None = None,
) -> "Run":
    """Run `program` as `pulumi up` would. `environment` overrides the usual `environment` object; None leaves it.

    `environ` replaces the variables that decide which AWS it is: none, so the settings' account is the target.
    Raises what the program raises.
    """
    settings = {"name": stack, "owner": "platform", "account_id": ACCOUNT, "repository": REPOSITORY}
    if stack.startswith("feature-"):
        settings |= {"branch": stack.replace("feature-", "feature/", 1), "expires_at": "2026-12-01T00:00:00Z"}
    settings |= environment or {}
    text = config if config is not None else {f"{PROJECT}:environment": json.dumps(settings)}
    return contextvars.copy_context().run(_run, stack, text, dict(environ or {}), program)


def _run(stack: str, config: Mapping[str, str], environ: dict[str, str], program: Callable[[], None]) -> "Run":
    run = Run()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        pulumi.runtime.set_mocks(_Answers(), project=PROJECT, stack=stack, preview=False, monitor=Recorder(run))
        pulumi.runtime.set_all_config(dict(config))
        with _variables(environ), patch.object(pulumi.log, "info", run.logged.append):
            pulumi.runtime.test(lambda: _program_and_exports(program, run))()
    finally:
        loop.close()
        asyncio.set_event_loop(None)
    return run


def _program_and_exports(program: Callable[[], None], run: "Run") -> pulumi.Output[None]:
    program()
    return pulumi.Output.from_input(get_root_resource().outputs).apply(run.outputs.update)


@contextmanager
def _variables(environ: dict[str, str]) -> Iterator[None]:
    kept = {name: value for name, value in os.environ.items() if name not in (ENDPOINT_VARIABLE, PROVIDERS_VARIABLE)}
    with patch.dict(os.environ, {**kept, **environ}, clear=True):
        yield


@dataclass(kw_only=True)
class Run:
    """What one run of the program registered, exported and logged."""

    records: list[Record] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    reported: set[str] = field(default_factory=set)
    """The components that reported their outputs, which is the last thing that one does."""
    logged: list[str] = field(default_factory=list)

    def of(self, type_: str) -> list[Record]:
        """Every record whose type is, or ends in, `type_`: `Table` finds `aws:dynamodb/table:Table`."""
        return [record for record in self.records if record.type == type_ or record.type.endswith(f":{type_}")]

    def one(self, type_: str, name: str) -> Record:
        """The one record of this type and name."""
        (found,) = [record for record in self.of(type_) if record.name == name]
        return found

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)


class _Answers(mocks.Mocks):
    """What AWS would compute."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        computed = {"arn": f"arn:of:{args.name}", "keyId": f"key-of-{args.name}"}
        return f"{args.name}-id", {"name": args.name, **computed, **args.inputs}

    def call(self, args: mocks.MockCallArgs) -> Any:
        raise AssertionError(f"the program asked {args.token}: nothing that it needs is worth waiting for")


class Recorder(mocks.MockMonitor):
    """The only place that sees parent, provider, protection and the rest."""

    def __init__(self, run: Run) -> None:
        super().__init__(_Answers())
        self.run = run

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> Any:  # noqa: N802
        inputs = rpc.deserialize_properties(request.object)
        self.run.records.append(
            Record(
                type=request.type,
                name=request.name,
                inputs={key: rpc.unwrap_rpc_secret(value) for key, value in inputs.items()},
                parent=request.parent,
                provider=request.provider,
                protect=request.protect if request.HasField("protect") else None,
                ignore_changes=list(request.ignoreChanges),
                depends_on=sorted(request.dependencies),  # in no order
                aliases=len(request.aliases),
            )
        )
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        self.run.reported.add(request.urn.split("::")[-1])
        return super().RegisterResourceOutputs(request)
