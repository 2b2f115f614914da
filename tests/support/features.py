"""Feature environments for tests: made through the home itself, and broken as accidents break them."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tee_infra.core import names
from tee_infra.core.environments import FEATURE_HOST, parse_environment
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.pulumi_state.checkpoint import Checkpoint
from tee_infra.core.pulumi_state.files import checkpoint_file
from tee_infra.core.tables.catalog import TABLES
from tee_infra.workflows.control.processes import runs
from tee_infra.workflows.features.admission import read_state
from tee_infra.workflows.features.context import FeatureContext, open_feature_context
from tee_infra.workflows.session.checkout import NAME, Project
from tee_infra.workflows.session.session import open_host_session
from tests.support.checkout import COMMAND, Checkout, clean_environment
from tests.support.stand_in import Told

T0 = datetime(2026, 12, 1, tzinfo=UTC)
NOW = T0 + timedelta(hours=2)
SECONDS = 30
FeatureUp = tuple[Checkout, FeatureContext]
"""A checkout with feature-x up, and its home in this process."""

STATE = Path(".tee") / "feature-state" / ".pulumi"


def home_of(checkout: Checkout, said: list[str] | None = None) -> FeatureContext:
    """The home of a checkout, in this process; what it reports goes into `said`."""
    told = Told(said if said is not None else [])
    project = Project(directory=checkout.directory)
    return open_feature_context(open_host_session(project, parse_environment(FEATURE_HOST), told, local=False))


def make(context: FeatureContext, name: str, *, up: bool = True, **fields: Any) -> FeatureRecord:
    """An environment whose lease of three days began at `T0`, with its stack, and with resources if it is `up`."""
    facts: dict[str, Any] = {"repository": context.host.repository, "branch": name.replace("-", "/", 1), "owner": "ann"}
    lease = {"created_at": T0, "last_activity": T0, "ttl_seconds": 72 * 3600, "seed": "none", "state": "active"}
    record = context.control.write(FeatureRecord.model_validate({"environment": name, **facts, **lease, **fields}))
    with context.open(record) as opened:
        opened.stack.create()
        if up:
            opened.stack.up()
    return record


def make_expired(context: FeatureContext, name: str, *, up: bool = True) -> FeatureRecord:
    """The same with a lease of an hour, which is over at `NOW`."""
    return make(context, name, up=up, ttl_seconds=3600)


def read(context: FeatureContext, name: str) -> FeatureRecord:
    record = context.control.record(name)
    assert isinstance(record, FeatureRecord)
    return record


def checkpoint_of(checkout: Checkout, name: str) -> Path:
    return checkout.directory / STATE / checkpoint_file(NAME, name)


def state_names(checkout: Checkout) -> list[str]:
    """Every file of the engine's, but for the marks of files in a folder."""
    files = (path for path in (checkout.directory / STATE).rglob("*") if path.is_file() and path.suffix != ".attrs")
    return sorted(str(path.relative_to(checkout.directory / STATE)) for path in files)


def tables_of(checkout: Checkout, name: str) -> list[str]:
    return [table for table in checkout.tables() if table.startswith(f"{name}-tee-")]


def start(checkout: Checkout, *arguments: str) -> subprocess.Popen[str]:
    """A command that goes on."""
    return subprocess.Popen(
        [COMMAND, *arguments],
        cwd=checkout.directory,
        env=clean_environment() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(run: subprocess.Popen[str], start: str) -> None:
    """Until it prints a line that starts so."""
    assert run.stdout is not None
    printed = []
    for line in run.stdout:
        printed.append(line)
        if line.startswith(start):
            return
    raise AssertionError(f"it ended before {start!r}: {''.join(printed)}")


def kill(checkout: Checkout, name: str, run: subprocess.Popen[str]) -> None:
    """kill -9, the command and its engine."""
    run.kill()
    kill_engine(checkout, name)
    run.communicate()


def kill_engine(checkout: Checkout, name: str) -> None:
    """kill -9, as the lock of the stack names it."""
    for lock in (checkout.directory / STATE / "locks" / "organization" / NAME / name).glob("*.json"):
        engine = json.loads(lock.read_text())["pid"]
        os.kill(engine, signal.SIGKILL)
        deadline = time.monotonic() + SECONDS
        while runs(engine) and time.monotonic() < deadline:
            time.sleep(0.01)


def leave_open(checkpoint: Path, names: Iterable[str]) -> None:
    """Write resources of a checkpoint as creates whose engine was killed before it heard of the answer."""
    document = json.loads(checkpoint.read_text())
    latest = document["checkpoint"]["latest"]
    opened = [resource for resource in latest["resources"] if resource["urn"].rsplit("::", 1)[-1] in names]
    latest["resources"] = [resource for resource in latest["resources"] if resource not in opened]
    for resource in opened:
        resource.pop("id"), resource.pop("outputs")
    latest["pending_operations"] = [{"resource": resource, "type": "creating"} for resource in opened]
    checkpoint.write_text(json.dumps(document))


def whole(checkout: Checkout, context: FeatureContext, name: str) -> None:
    """It is active, with everything that the program makes, in AWS as in the state, and nobody's locks left."""
    record = read(context, name)
    assert record.state == "active"
    assert read_state(context, name) == Checkpoint(resources=10, expires_at=record.expires_at)
    assert tables_of(checkout, name) == [f"{name}-{table.name}" for table in TABLES]
    roles = checkout.client("iam").list_roles(PathPrefix=names.iam_path(name))["Roles"]
    parameters = checkout.client("ssm").get_parameters_by_path(Path=names.parameter(name), Recursive=True)["Parameters"]
    assert (len(roles), len(parameters)) == (2, 3)
    assert all(checkout.client("iam").list_role_policies(RoleName=role["RoleName"])["PolicyNames"] for role in roles)
    assert not [file for file in state_names(checkout) if file.startswith("locks/") and name in file]
    assert name not in context.locks.live()


def delete_role(checkout: Checkout, name: str) -> None:
    """By hand."""
    iam = checkout.client("iam")
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


def items(checkout: Checkout, table: str) -> int:
    """How many there are."""
    return checkout.client("dynamodb").scan(TableName=table, Select="COUNT")["Count"]
