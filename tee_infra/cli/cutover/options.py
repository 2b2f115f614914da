"""Options and sessions of the commands for replication."""

from dataclasses import replace

import click

from tee_infra.aws.control_store import ControlItems
from tee_infra.cli.data.options import Command, roles_options
from tee_infra.cli.options import dry_run_option, json_option, local_option, yes_option
from tee_infra.cli.output import Output
from tee_infra.core.cutover.migration import home_of
from tee_infra.core.data.copy_policy import CopySide
from tee_infra.core.environments import Environment, parse_environment
from tee_infra.workflows.cutover.context import CutoverContext
from tee_infra.workflows.session.data_session import open_data_session
from tee_infra.workflows.session.ends import End, as_own_role, open_ends
from tee_infra.workflows.session.session import EnvironmentSession, Session


def migration_options(command: Command) -> Command:
    """The options of a migration between two ends, whichever they are; `migrate_slots` takes them all."""
    transform = click.option(
        "--transform", metavar="MODULE:FUNCTION", help="Python function from an item to the target's item."
    )
    caught_up = click.option(
        "--until-caught-up", is_flag=True, help="End once the target is equal to the source and up to date."
    )
    options = (transform, caught_up, roles_options, local_option, dry_run_option, yes_option, json_option)
    for option in reversed(options):
        command = option(command)
    return command


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
    """An environment's slots, with the rights of `open_control`. Raises as it does."""
    home = parse_environment(environment)
    session = _open(home, output, local=local)
    reached = None
    if isinstance(session, EnvironmentSession) and not session.target.embedded:
        reached = frozenset((home.name, *session.settings.slots))
    return CutoverContext.connect(home.name, session.connection, output.say, reached)


def open_control(environment: Environment, output: Output, *, local: bool) -> ControlItems:
    """The control table of an environment's account. Raises as `open_data_session` and `as_own_role` do.

    Production's migrators have rights in it; elsewhere there are no slots, and the caller's own rights are used.
    """
    return ControlItems.connect(_open(environment, output, local=local).connection)


def control_of(side: CopySide, session: Session, role: str | None) -> ControlItems:
    """The same for the target of a migration, which `session` was opened for, as `role` if an option named one."""
    production = home_of(side).kind.production
    connection = session.connection if production or role else replace(session.connection, role=None)
    return ControlItems.connect(connection)


def _open(environment: Environment, output: Output, *, local: bool) -> Session:
    session = open_data_session(environment, environment.name, output, local=local)
    return as_own_role(session, output) if environment.kind.production else session
