"""Options and sessions of the commands for replication."""

from tee_infra.aws.control_store import ControlItems
from tee_infra.cli.output import Output
from tee_infra.core.cutover.migration import home_of
from tee_infra.core.data.copy_policy import CopySide
from tee_infra.core.environments import Environment, parse_environment
from tee_infra.workflows.cutover.context import CutoverContext
from tee_infra.workflows.session.data_session import open_data_session
from tee_infra.workflows.session.ends import End, as_own_role, open_ends
from tee_infra.workflows.session.session import EnvironmentSession, Session


def open_sides(
    sides: tuple[CopySide, CopySide], roles: tuple[str | None, str | None], output: Output, *, local: bool
) -> tuple[Session, Session]:
    """Both ends, legacy's tables where production is. Raises as `open_ends` does."""
    source, target = (
        End(environment=side.environment or home_of(side), subject=side.name, option=option, role=role)
        for side, option, role in zip(sides, ("--from-role", "--to-role"), roles, strict=True)
    )
    sessions = open_ends((source, target), output, local=local, endpoint_url=None)
    output.target = sessions[1].target.facts()
    return sessions


def open_context(environment: str, output: Output, *, local: bool) -> CutoverContext:
    """An environment's slots, as the role that copies its items. Raises as `open_control` does."""
    home = parse_environment(environment)
    session = open_data_session(home, home.name, output, local=local)
    reached = None
    if isinstance(session, EnvironmentSession) and not session.target.embedded:
        reached = frozenset((home.name, *session.settings.slots))
    return CutoverContext.connect(home.name, as_own_role(session, output).connection, output.say, reached)


def open_control(environment: Environment, output: Output, *, local: bool) -> ControlItems:
    """The control table of an environment's account. Raises as `open_data_session` and `as_own_role` do."""
    session = open_data_session(environment, environment.name, output, local=local)
    return ControlItems.connect(as_own_role(session, output).connection)
