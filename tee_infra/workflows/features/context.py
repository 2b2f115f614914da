"""The home of feature environments: dev's account and region, and a separate state, registry and locks."""

import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from tee_infra.aws.bucket_store import PREFIX
from tee_infra.aws.connection import Connection
from tee_infra.aws.control_locks import Locks
from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_table import ControlTable, Listing
from tee_infra.core import names
from tee_infra.core.aws_variables import without_foreign
from tee_infra.core.environments import parse_environment
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
from tee_infra.workflows.files import make_folder
from tee_infra.workflows.session import embedded_aws
from tee_infra.workflows.session.checkout import CONFIG_KEY, Project
from tee_infra.workflows.session.engine_state import load_checkpoint
from tee_infra.workflows.session.file_store import FileStore, open_store
from tee_infra.workflows.session.session import EnvironmentSession, Report
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

    `engine` obtains the engine when needed. `environ` has its variables besides those of `shell`. `started`: this
    command started the embedded AWS.
    """

    project: Project
    host: Settings
    target: AwsTarget
    connection: Connection
    engine: Callable[[], Engine]
    environ: Mapping[str, str]
    backend_variables: Mapping[str, str]
    secrets_provider: str | None
    state: FileStore
    control: ControlTable
    locks: Locks
    actor: Actor
    report: Report
    shell: Mapping[str, str] = field(default_factory=lambda: os.environ)
    started: bool = False

    def at(self, now: datetime | None) -> datetime:
        """The time that leases are compared with. Raises `ForeignClockError`."""
        return clock(self.target, now)

    def settings(self, record: FeatureRecord) -> Settings:
        """The settings of a feature environment: its kind's, in the host's account. Raises `SettingsError`."""
        return settings_for(parse_environment(record.environment), self._configuration(record))

    def records(self) -> Listing:
        """Every record of the registry. One whose settings are invalid is unreadable too. Raises `AwsError`."""
        listing = self.control.listing()
        return replace(listing, records={name: self._checked(record) for name, record in listing.records.items()})

    def _checked(self, record: FeatureRecord | Unreadable) -> FeatureRecord | Unreadable:
        if isinstance(record, Unreadable):
            return record
        try:
            self.settings(record)
        except UsageError as error:
            return Unreadable(reason=f"invalid registry record: {error}")
        return record

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
            engine = self.engine()
            backend = Backend(
                directory=directory,
                command=engine.command,
                version=engine.version,
                environ={**self.environ, **self.backend_variables},
                secrets_provider=self.secrets_provider,
                shell=self.shell,
            )
            stack = Stack(environment.name, backend, partial(deploy, self.target), self.report)
            yield StackSession(
                environment=environment,
                settings=self.settings(record),
                target=self.target,
                connection=self.connection,
                stack=stack,
                report=self.report,
                state=self.state,
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


def open_feature_context(session: EnvironmentSession) -> FeatureContext:
    """The context of the feature environments of a host's session."""
    host = session.settings
    if session.running is not None:
        host = host.model_copy(update={"account_id": None})
    items = ControlItems.connect(session.connection)
    location, variables, secrets_provider = _state_of(session)
    return FeatureContext(
        project=session.project,
        host=host,
        target=session.target,
        connection=session.connection,
        engine=lambda: session.engine,
        environ=embedded_aws.variables_of(session.project, session.running) if session.running else {},
        shell=without_foreign(os.environ) if session.running else os.environ,
        backend_variables=variables,
        secrets_provider=secrets_provider,
        state=open_store(f"{location}/.pulumi", session.connection),
        control=ControlTable(items),
        locks=Locks(items),
        actor=this_actor(),
        report=session.report,
        started=session.started,
    )


def _state_of(session: EnvironmentSession) -> tuple[str, dict[str, str], str | None]:
    """The location of the state, the engine's variables for it, and its secrets provider."""
    always = {
        "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_SELF_MANAGED_STATE_GZIP": "false",  # a compressed stack has another file name, and would look lost
    }
    if session.running is not None:
        folder = session.project.feature_state_directory
        make_folder(folder)
        return str(folder), always | {"PULUMI_BACKEND_URL": folder.as_uri()}, None
    account_id, region = session.target.account_id, session.target.region
    bucket = names.state_bucket("ephemeral", account_id, region)
    url = backend_url("ephemeral", account_id, region)
    return f"{PREFIX}{bucket}", always | {"PULUMI_BACKEND_URL": url}, secrets_provider(region)
