"""Which AWS a command talks to, decided once: the account that the settings name, or the embedded AWS.

The rule has no exception, reads included. Settings that name an account lead there or the command is refused; others
lead to the embedded AWS, whatever the shell holds; `--local` leads any environment there.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from tee_infra import local as local_aws
from tee_infra.aws.connection import Connection
from tee_infra.aws.endpoints import configured_endpoints
from tee_infra.aws.identity import require_account
from tee_infra.core.environments import FEATURE_HOST, Environment, parse_environment
from tee_infra.core.settings import Settings
from tee_infra.core.target import EMBEDDED_ACCOUNT_ID, AwsTarget, require_own_endpoints
from tee_infra.engine import Engine, ensure_engine
from tee_infra.local import EmbeddedAws
from tee_infra.stacks import Backend
from tee_infra.workflows.session import embedded_aws
from tee_infra.workflows.session.bootstrap import bootstrap_once
from tee_infra.workflows.session.checkout import Project

Report = Callable[[str], None]


class Reporter(Protocol):
    """Who is told of a command: first where it goes, then what it does."""

    def at(self, *targets: AwsTarget) -> None:
        """Where the command goes."""
        ...

    def say(self, line: str) -> None:
        """A line for people."""
        ...


@dataclass(frozen=True, kw_only=True)
class Session:
    """An AWS that may be talked to: which one it is, and how boto3 reaches it."""

    target: AwsTarget
    connection: Connection


@dataclass(frozen=True, kw_only=True)
class EnvironmentSession(Session):
    """The AWS of an environment of a checkout. `settings` say where it is: its own, or its host's.

    `running` is the embedded AWS, None for an account; `started`: it was not running before.
    `caller` is the ARN of the identity in an account.
    """

    project: Project
    environment: Environment
    settings: Settings
    report: Report
    running: EmbeddedAws | None = None
    started: bool = False
    caller: str | None = None

    @cached_property
    def engine(self) -> Engine:
        """The engine, found or obtained when a command first drives a stack: a build takes minutes."""
        engine = ensure_engine(os.environ, self.report)
        if self.running is not None:
            embedded_aws.create_stacks(self.project, engine, self.report)
        return engine

    def backend(self) -> Backend:
        """The engine on the stacks that have a file in the checkout."""
        if self.running is not None:
            return embedded_aws.backend_of(self.project, self.engine, self.running)
        return _account_backend(self.project, self.engine)


def open_session(
    project: Project, environment: Environment, reporter: Reporter, *, local: bool, start: bool = False
) -> EnvironmentSession:
    """The AWS of `environment`. `reporter` gets the target before anything is contacted or started.

    `local` takes the embedded AWS, whatever the settings name. `start`: the embedded AWS is started and its account
    prepared where need be, instead of raising `NotRunningError`. Raises `SettingsError`, `DivertedError`,
    `NoAccessError`, `WrongAccountError`, and what a start raises.
    """
    return _open(project, environment, project.location(environment), reporter, local=local, start=start)


def open_host_session(
    project: Project, environment: Environment, reporter: Reporter, *, local: bool
) -> EnvironmentSession:
    """The AWS of the registry and of every feature environment: the host's, whoever has a stack file.

    `environment` is what the command is about, the host itself for all of them. Raises as `open_session` does.
    """
    host = project.settings(parse_environment(FEATURE_HOST))
    return _open(project, environment, host, reporter, local=local, start=True)


def target_of(project: Project, environment: Environment, settings: Settings, *, local: bool = False) -> AwsTarget:
    """Where an environment is, by its settings alone. Contacts nothing."""
    if settings.account_id is not None and not local:
        return AwsTarget(account_id=settings.account_id, region=settings.region, environment=environment.name)
    running = local_aws.status(project.embedded_directory)
    return AwsTarget(
        account_id=EMBEDDED_ACCOUNT_ID,
        region=settings.region,
        environment=environment.name,
        endpoint=running.endpoint if running else None,
        provider_port=running.provider_port if running else None,
    )


def require_undiverted(project: Project, target: AwsTarget) -> Connection:
    """The connection to an account, in a shell that leads to AWS itself. Contacts nothing. Raises `DivertedError`."""
    connection = Connection(region=target.region)
    endpoints = configured_endpoints(connection)
    state = project.state_directory.as_uri()
    require_own_endpoints(target.environment or "", target.account_id, endpoints, os.environ, embedded_state=state)
    return connection


def open_state(project: Project, target: AwsTarget, engine: Engine) -> Backend:
    """The engine, to read the state of stacks. The embedded AWS need not run.

    Raises `DivertedError`, `NoAccessError`, `WrongAccountError`.
    """
    if target.embedded:
        return embedded_aws.backend_of(project, engine)
    require_account(require_undiverted(project, target), target.account_id)
    return _account_backend(project, engine)


def _account_backend(project: Project, engine: Engine) -> Backend:
    """Stacks in an account keep their state where this shell's own variables say."""
    return Backend(directory=project.directory, command=engine.command, version=engine.version, environ={})


def _open(
    project: Project, environment: Environment, settings: Settings, reporter: Reporter, *, local: bool, start: bool
) -> EnvironmentSession:
    target = target_of(project, environment, settings, local=local)
    if not target.embedded:
        connection = require_undiverted(project, target)
        reporter.at(target)
        caller = require_account(connection, target.account_id)
        return EnvironmentSession(
            caller=caller,
            target=target,
            connection=connection,
            project=project,
            environment=environment,
            settings=settings,
            report=reporter.say,
        )
    if target.endpoint is None and not start:
        raise embedded_aws.NotRunningError
    reporter.at(target)
    running = embedded_aws.start(project, reporter.say)
    connection = embedded_aws.connection_to(running, settings.region)
    if start:
        bootstrap_once(connection, EMBEDDED_ACCOUNT_ID, settings.region, reporter.say)
    return EnvironmentSession(
        target=target_of(project, environment, settings, local=True),
        connection=connection,
        project=project,
        environment=environment,
        settings=settings,
        report=reporter.say,
        running=running,
        started=target.endpoint is None,
    )
