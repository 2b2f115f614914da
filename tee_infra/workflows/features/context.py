"""The home of feature environments: dev's account and region, and a separate state, registry and locks."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from tee_infra.aws.bucket_store import PREFIX
from tee_infra.aws.connection import Connection
from tee_infra.aws.control_locks import Locks
from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_table import ControlTable
from tee_infra.core import names
from tee_infra.core.environments import FEATURE_HOST, parse_environment
from tee_infra.core.lifecycle.actor import Actor
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.pulumi_state.checkpoint import Checkpoint
from tee_infra.core.resources.account import backend_url, secrets_provider
from tee_infra.core.settings import Settings, settings_for
from tee_infra.core.target import AwsTarget
from tee_infra.core.times import render_time
from tee_infra.core.unreadable import Unreadable
from tee_infra.engine import Engine
from tee_infra.errors import UsageError
from tee_infra.program import deploy
from tee_infra.stacks import Backend, Stack
from tee_infra.workflows.control.processes import this_actor
from tee_infra.workflows.session.checkout import CONFIG_KEY, Project
from tee_infra.workflows.session.engine_state import load_checkpoint
from tee_infra.workflows.session.file_store import FileStore, open_store
from tee_infra.workflows.session.reach import Reached, Report, reach
from tee_infra.workflows.session.stack_session import StackSession


class ForeignClockError(UsageError):
    """`--now` in an account, where leases must be compared with the real time."""

    def __init__(self, target: AwsTarget) -> None:
        super().__init__(
            f"--now: only allowed on the embedded AWS, not in {target.describe()}. Nothing was changed",
            next="Omit --now",
        )


def clock(target: AwsTarget, now: datetime | None) -> datetime:
    """This machine's time, or on the embedded AWS `now`. Raises `ForeignClockError`."""
    if now is not None and not target.embedded:
        raise ForeignClockError(target)
    return now or datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, kw_only=True)
class FeatureContext:
    """The context of every lifecycle command. `state` is the engine's `.pulumi` folder.

    `started`: this command started the embedded AWS.
    """

    project: Project
    host: Settings
    target: AwsTarget
    connection: Connection
    engine: Engine
    environ: Mapping[str, str]
    backend_variables: Mapping[str, str]
    secrets_provider: str | None
    state: FileStore
    control: ControlTable
    locks: Locks
    actor: Actor
    report: Report
    started: bool = False

    def at(self, now: datetime | None) -> datetime:
        """The time that leases are compared with. Raises `ForeignClockError`."""
        return clock(self.target, now)

    def settings(self, record: FeatureRecord) -> Settings:
        """The settings of a feature environment: its kind's, in the host's account. Raises `SettingsError`."""
        return settings_for(parse_environment(record.environment), self._configuration(record))

    def checkpoint(self, environment: str) -> Checkpoint | Unreadable | None:
        """The state of an environment's stack; None without a stack. Raises `AwsError`."""
        return load_checkpoint(self.state, environment)

    @contextmanager
    def open(self, record: FeatureRecord) -> Generator[StackSession]:
        """The environment's stack, in a temporary folder outside of the checkout."""
        environment = parse_environment(record.environment)
        with TemporaryDirectory(prefix="tee-infra-") as folder:
            directory = Path(folder)
            (directory / "Pulumi.yaml").write_bytes((self.project.directory / "Pulumi.yaml").read_bytes())
            config = {"config": {CONFIG_KEY: self._configuration(record)}}
            (directory / f"Pulumi.{environment.name}.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
            backend = Backend(
                directory=directory,
                command=self.engine.command,
                version=self.engine.version,
                environ={**self.environ, **self.backend_variables},
                secrets_provider=self.secrets_provider,
            )
            program = partial(deploy, self.environ, force_local=self.target.embedded)
            stack = Stack(environment.name, backend, program, self.report)
            yield StackSession(
                environment=environment,
                settings=self.settings(record),
                target=self.target,
                connection=self.connection,
                stack=stack,
                report=self.report,
            )

    def _configuration(self, record: FeatureRecord) -> dict[str, str]:
        account = {"account_id": self.host.account_id} if self.host.account_id else {}
        return account | {
            "name": record.environment,
            "owner": record.owner,
            "region": self.host.region,
            "repository": self.host.repository,
            "branch": record.branch,
            "expires_at": render_time(record.expires_at),
        }


def open_feature_context(project: Project, report: Report, *, local: bool) -> FeatureContext:
    """Reach the host's AWS; `report` gets the target as its first line. Raises `SettingsError`, and as `reach` does.

    `local` uses the embedded AWS even if the host's settings name an account.
    """
    host = project.settings(parse_environment(FEATURE_HOST))
    if local:
        host = host.model_copy(update={"account_id": None})
    reached = reach(project, host, report, local=local)
    items = ControlItems.connect(reached.connection)
    location, variables, secrets_provider = _state_of(project, host, reached)
    return FeatureContext(
        project=project,
        host=host,
        target=reached.target,
        connection=reached.connection,
        engine=reached.engine,
        environ=reached.environ,
        backend_variables=variables,
        secrets_provider=secrets_provider,
        state=open_store(f"{location}/.pulumi", reached.connection),
        control=ControlTable(items),
        locks=Locks(items),
        actor=this_actor(),
        report=report,
        started=reached.started,
    )


def _state_of(project: Project, host: Settings, reached: Reached) -> tuple[str, dict[str, str], str | None]:
    """The location of the state, the engine's variables for it, and its secrets provider."""
    always = {
        "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_SELF_MANAGED_STATE_GZIP": "false",  # a compressed stack has another file name, and would look lost
    }
    if reached.running is not None:
        folder = project.feature_state_directory
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder), always | {"PULUMI_BACKEND_URL": folder.as_uri()}, None
    bucket = names.state_bucket("ephemeral", reached.target.account_id, host.region)
    url = backend_url("ephemeral", reached.target.account_id, host.region)
    return f"{PREFIX}{bucket}", always | {"PULUMI_BACKEND_URL": url}, secrets_provider(host.region)
