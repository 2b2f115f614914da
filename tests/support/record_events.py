"""Records what the real engine says, for the tests of what is made of it.

By hand, when the engine, the program or the catalog changes what a review comment should show:

    .venv/bin/python -m tests.support.record_events

It writes `tests/core/events/*.jsonl`: an event a line as the engine wrote it, shortened by `shorten` and without
anything of this machine.
"""

import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi.automation.events import EngineEvent

from tee_infra.core.changes.engine_run import EngineRun
from tee_infra.core.tables import catalog
from tee_infra.core.tables.catalog import TABLES, Index, Key
from tee_infra.errors import TeeInfraError
from tee_infra.stacks import Stack
from tests.support.checkout import Checkout, checkout_in

LOGS = Path(__file__).parents[1] / "core" / "events"
SECRET = "hunter2-is-what-nobody-may-see"
FEATURE = {"branch": "feature/new-auth", "expires_at": "2026-12-01T00:00:00Z"}

_PORT = re.compile(r"(?<=127\.0\.0\.1):\d+")

PACK = """
from concurrent.futures import ThreadPoolExecutor
import grpc
from pulumi.runtime.proto import analyzer_pb2 as messages, analyzer_pb2_grpc, plugin_pb2

LEVELS = {"restorable-tables": messages.MANDATORY, "owned-by-a-team": messages.ADVISORY}

class Pack(analyzer_pb2_grpc.AnalyzerServicer):
    def GetAnalyzerInfo(self, request, context):
        policies = [messages.PolicyInfo(name=name, enforcementLevel=level) for name, level in LEVELS.items()]
        return messages.AnalyzerInfo(name="tee-rules", version="1.2.0", policies=policies)
    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version="1.2.0")
    def ConfigureStack(self, request, context):
        return messages.AnalyzerStackConfigureResponse()
    def Remediate(self, request, context):
        return messages.RemediateResponse()
    def AnalyzeStack(self, request, context):
        return messages.AnalyzeResponse()
    def Analyze(self, request, context):
        found = []
        if request.type == "aws:dynamodb/table:Table":
            found = [("restorable-tables", "Tables need point-in-time recovery:\\nset point_in_time_recovery_days.")]
        if request.type == "aws:budgets/budget:Budget":
            found = [("owned-by-a-team", "The owner of a budget is a team,\\nnot a person | or 'platform'.")]
        return messages.AnalyzeResponse(diagnostics=[
            messages.AnalyzeDiagnostic(
                policyName=name, policyPackName="tee-rules", policyPackVersion="1.2.0", message=message,
                enforcementLevel=LEVELS[name], urn=request.urn,
            )
            for name, message in found
        ])

server = grpc.server(ThreadPoolExecutor())
analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Pack(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
server.wait_for_termination()
"""


class Recorder:
    """Keeps each event as it came, before the Automation API reads it."""

    def __init__(self) -> None:
        self._events: list[dict[str, Any]] = []
        read = EngineEvent.from_json

        def keep(event: dict[str, Any]) -> EngineEvent:
            self._events.append(event)
            return read(event)

        EngineEvent.from_json = keep  # type: ignore[method-assign]

    def record(self, name: str, run: Callable[[], object]) -> None:
        self._events.clear()
        with suppress(TeeInfraError):
            run()
        lines = [json.dumps(event, sort_keys=True) for event in shorten(self._events)]
        (LOGS / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines))
        print(f"{name}: {len(lines)} of {len(self._events)} events")  # noqa: T201


def shorten(events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Without what nobody reads: debug messages, what stays the same, what a preview says twice, most outputs."""
    for event in events:
        body = event.get("resourcePreEvent") or event.get("resOutputsEvent") or event.get("resOpFailedEvent")
        if event.get("diagnosticEvent", {}).get("severity") == "debug" or (body and _is_dull(body["metadata"])):
            continue
        if body and body.get("planning") and "resOutputsEvent" in event and not _is_stack(body["metadata"]):
            continue
        if body:
            for state in ("old", "new"):
                _shorten_state(body["metadata"], state)
        yield _anonymous({**event, "timestamp": 0})


def _is_stack(step: dict[str, Any]) -> bool:
    return step["type"] == "pulumi:pulumi:Stack"


def _is_dull(step: dict[str, Any]) -> bool:
    return step["op"] == "same" and step["old"]["inputs"] == step["new"]["inputs"] and not _is_stack(step)


def _shorten_state(step: dict[str, Any], side: str) -> None:
    state = step.get(side)
    if state is None:
        return
    state["inputs"] = {
        key: f"{value[:60]}..." if isinstance(value, str) and len(value) > 100 else value
        for key, value in state["inputs"].items()
        if key not in ("__defaults", "tags")
    }
    if not _is_stack(step):
        state["outputs"] = {}


def _anonymous(value: Any) -> Any:
    if isinstance(value, dict):
        return {_anonymous(key): _anonymous(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_anonymous(inner) for inner in value]
    if not isinstance(value, str):
        return value
    return value.replace(tempfile.gettempdir(), "/somewhere") if "127." not in value else _PORT.sub(":4566", value)


def record_all(recorder: Recorder, checkout: Checkout) -> None:
    """Every log, in an order in which each finds what it needs."""
    checkout.add("feature-new-auth", **FEATURE)
    feature = checkout.stack("feature-new-auth")
    recorder.record("feature-preview", lambda: first_plan(feature))
    recorder.record("feature-up", feature.up)
    recorder.record("nothing", feature.preview)
    record_policies(recorder, checkout)
    record_mixed(recorder, checkout)
    record_production(recorder, checkout)
    record_failures(recorder, checkout)


def first_plan(stack: Stack) -> EngineRun:
    """The plan of a stack that is new."""
    stack.create()
    return stack.preview()


def record_mixed(recorder: Recorder, checkout: Checkout) -> None:
    """Creates, an update in place, an index, a replacement, deletes, a change that nobody acts on, and secrets."""
    dev = checkout.stack("dev")
    with_secrets(dev, SECRET)
    first_plan(dev)
    dev.up()
    admin, schedules, sync = TABLES
    by_room = Index(name="by-room", partition_key=Key("room"))
    other = (
        replace(admin, sort_key=Key("range")),
        replace(schedules, sort_key=Key("sk", "N"), indexes=(*schedules.indexes, by_room)),
        replace(sync, name="tee-audit", app_name="audit"),
    )
    catalog.VERSIONS = {1: other}
    checkout.set("dev", monthly_budget_usd=33.0, point_in_time_recovery_days=7)
    changed = checkout.stack("dev")
    with_secrets(changed, f"{SECRET}-any-more")
    recorder.record("mixed-preview", changed.preview)
    catalog.VERSIONS = {1: TABLES}


def record_policies(recorder: Recorder, checkout: Checkout) -> None:
    """A preview that a pack of rules looks at: one that stops it, one that does not."""
    dev = checkout.stack("dev")
    first_plan(dev)
    pack = checkout.directory / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text(f"runtime: {{name: python, options: {{virtualenv: {sys.prefix}}}}}\n")
    (pack / "__main__.py").write_text(PACK)
    recorder.record("policies", lambda: with_policies(dev, pack))


def record_production(recorder: Recorder, checkout: Checkout) -> None:
    """A lot to create, and a key that protection keeps, beside a change that is allowed."""
    prod = checkout.stack("prod")
    recorder.record("prod-preview", lambda: first_plan(prod))
    prod.up()
    catalog.VERSIONS = {1: (replace(TABLES[0], sort_key=Key("range")), *TABLES[1:])}
    checkout.set("prod", monthly_budget_usd=33.0)
    recorder.record("protected", checkout.stack("prod").preview)
    catalog.VERSIONS = {1: TABLES}


def record_failures(recorder: Recorder, checkout: Checkout) -> None:
    """A table that is there already, and a program that ends with one line."""
    checkout.client("dynamodb").create_table(
        TableName="staging-tee-admin",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    staging = checkout.stack("staging")
    first_plan(staging)
    recorder.record("failed-up", staging.up)

    test = checkout.stack("test")
    first_plan(test)
    checkout.set("test", billing_mode="PROVISIONED", max_read_units=None, max_write_units=None, owner="?")
    recorder.record("failed-program", test.preview)


def with_secrets(stack: Stack, value: str) -> None:
    """Let the stack's program make a secret parameter and a secret output as well."""
    workspace = stack._stack.workspace
    program = workspace.program
    assert program is not None

    def both() -> None:
        program()
        secret = pulumi.Output.secret(value)
        aws.ssm.Parameter("password", name="/tee/dev/password", type="SecureString", value=secret)
        pulumi.export("password", secret)

    workspace.program = both


def with_policies(stack: Stack, pack: Path) -> None:
    with stack._run(lambda _: None) as run:
        stack._stack.preview(on_event=run.on_event, policy_packs=[str(pack)])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory, checkout_in(Path(directory)) as fresh:
        record_all(Recorder(), fresh)
