"""The two ends of a copy, each with a session of its own.

An end in an AWS account is entered as the role that an option names, otherwise as the environment's own role: the
caller's identity assumes it, unless it is in a session of it already. A table of no environment is read and written
with the caller's own rights, unless a role is named. The embedded AWS has no roles.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

from tee_infra.aws.connection import Connection
from tee_infra.aws.endpoints import configured_endpoints
from tee_infra.aws.identity import require_role
from tee_infra.core.data.end_roles import NoRolesHereError, RoleAccountError, account_of, is_session_of, own_role
from tee_infra.core.environments import Environment
from tee_infra.core.target import AwsTarget, is_aws
from tee_infra.workflows.session.checkout import find_project
from tee_infra.workflows.session.data_session import open_data_session, require_live_feature, shell_region
from tee_infra.workflows.session.session import (
    EnvironmentSession,
    Reporter,
    Session,
    require_undiverted,
    target_of,
)


@dataclass(frozen=True, kw_only=True)
class End:
    """An environment, or a `subject` of none such as `table:NAME`. `role` is the ARN that `option` gave."""

    environment: Environment | None
    subject: str
    option: str = "--from-role"
    role: str | None = None


@dataclass
class _Held:
    """Keeps the lines of opening an end until both ends are named."""

    lines: list[str] = field(default_factory=list[str])

    def at(self, *targets: AwsTarget) -> None:
        """The caller names both ends."""

    def say(self, line: str) -> None:
        """Keep a line."""
        self.lines.append(line)


def open_ends(
    ends: tuple[End, End], reporter: Reporter, *, local: bool, endpoint_url: str | None
) -> tuple[Session, Session]:
    """Both ends. `reporter` gets both targets first, before anything is contacted if the settings name them.

    Raises as `open_end` does.
    """
    known = [target for end in ends if (target := _known(end, local=local, endpoint_url=endpoint_url))]
    if len(known) == len(ends):
        reporter.at(*known)
    held = _Held()
    source, target = (open_end(end, held, local=local, endpoint_url=endpoint_url) for end in ends)
    if len(known) != len(ends):
        reporter.at(source.target, target.target)
    for line in held.lines:
        reporter.say(line)
    return source, target


def open_end(end: End, reporter: Reporter, *, local: bool, endpoint_url: str | None = None) -> Session:
    """One end. Raises as `open_data_session` does, and `AssumeRoleError`, `NoRolesHereError`, `RoleAccountError`."""
    if end.role is None:
        session = open_data_session(end.environment, end.subject, reporter, local=local, endpoint_url=endpoint_url)
        return as_own_role(session, reporter, end.option)
    account_id = account_of(end.role, end.option)
    if local or endpoint_url is not None:
        place = "--local is the embedded AWS" if local else f"--endpoint-url is {endpoint_url}"
        raise NoRolesHereError(end.subject, end.option, place)
    if end.environment is None:
        return _table_as(end, end.role, account_id, reporter)
    return _environment_as(end, end.environment, end.role, account_id, reporter)


def as_own_role(session: Session, reporter: Reporter, option: str | None = None) -> Session:
    """The session of an environment in an account, as the role that copies its items; any other is not changed.

    Raises `AssumeRoleError`.
    """
    if not isinstance(session, EnvironmentSession) or session.caller is None:
        return session
    role = own_role(session.environment, session.target.account_id, session.target.region)
    if is_session_of(session.caller, role):
        return session
    connection = _enter(session.connection, session.environment.name, role, option, reporter)
    return replace(session, connection=connection)


def _environment_as(
    end: End, environment: Environment, role: str, account_id: str, reporter: Reporter
) -> EnvironmentSession:
    project = find_project(Path.cwd())
    settings = project.location(environment)
    target = target_of(project, environment, settings)
    if target.embedded:
        raise NoRolesHereError(end.subject, end.option, "its settings name no account")
    if account_id != target.account_id:
        raise RoleAccountError(end.subject, target.account_id, role, end.option)
    connection = require_undiverted(project, target)
    reporter.at(target)
    session = EnvironmentSession(
        target=target,
        connection=_enter(connection, end.subject, role, end.option, reporter),
        project=project,
        environment=environment,
        settings=settings,
        report=reporter.say,
    )
    require_live_feature(session)
    return session


def _table_as(end: End, role: str, account_id: str, reporter: Reporter) -> Session:
    connection = Connection()
    url = configured_endpoints(connection).get("dynamodb")
    if url is not None and not is_aws("dynamodb", url):
        raise NoRolesHereError(end.subject, end.option, f"this shell sends requests for dynamodb to {url}")
    target = AwsTarget(account_id=account_id, region=shell_region(connection), subject=end.subject)
    reporter.at(target)
    return Session(target=target, connection=_enter(connection, end.subject, role, end.option, reporter))


def _enter(connection: Connection, subject: str, role: str, option: str | None, reporter: Reporter) -> Connection:
    entered = replace(connection, role=role)
    require_role(entered, subject, option)
    reporter.say(f"{subject}: as {role}")
    return entered


def _known(end: End, *, local: bool, endpoint_url: str | None) -> AwsTarget | None:
    """Where an end is, if the settings name it and this shell leads there. Contacts nothing. Raises `DivertedError`."""
    if end.environment is None or endpoint_url is not None or (end.role is not None and local):
        return None
    project = find_project(Path.cwd())
    target = target_of(project, end.environment, project.location(end.environment), local=local)
    if not target.embedded:
        require_undiverted(project, target)
        return target
    return target if target.endpoint is not None and end.role is None else None
