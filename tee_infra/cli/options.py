"""Arguments and options that several commands share."""

from datetime import datetime
from typing import Any

import click

from tee_infra.cli.old_names import renamed_argument
from tee_infra.core.environments import Environment, resolve_stage
from tee_infra.core.names import branch_problem
from tee_infra.core.times import parse_time
from tee_infra.errors import UsageError


class EnvironmentName(click.ParamType[Environment]):
    """An environment's name or an alias (`production`)."""

    name = "environment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Environment:  # noqa: ARG002
        """Read `value`. Raises `UnknownEnvironmentError`, which lists the allowed names."""
        return value if isinstance(value, Environment) else resolve_stage(value, "environment")


class BranchName(click.ParamType[str]):
    """The name of a git branch: never an option that follows an empty shell variable, and nothing that git forbids."""

    name = "branch"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002
        """Read `value`. Raises `UsageError`."""
        if problem := branch_problem(value):
            raise UsageError(
                f"--branch: {value!r} is not the name of a branch: {problem}. Nothing was changed",
                next="Give the branch as git branch --show-current prints it, in quotes",
            )
        return value


class Moment(click.ParamType[datetime]):
    """A time as RFC 3339, with its zone."""

    name = "timestamp"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:  # noqa: ARG002
        """Read `value`. Raises `UsageError`."""
        try:
            return value if isinstance(value, datetime) else parse_time(value)
        except ValueError:
            option = param.opts[0] if param else "TIMESTAMP"
            raise UsageError(
                f"{option}: {value!r} is not a time with a time zone", next="Write it as 2026-12-01T00:00:00Z"
            ) from None


def examples(*commands: str) -> str:
    """The end of a command's help: `commands` as they are typed, one on a line."""
    return "\n".join(("\b", "Examples:", *(f"  {command}" for command in commands)))


environment_argument = renamed_argument("environment", old="--env", type=EnvironmentName(), metavar="ENV")
json_option = click.option("--json", "as_json", is_flag=True, help="Print only JSON on standard output.")
local_option = click.option(
    "--local", is_flag=True, help="Use the embedded AWS even if the stack file names an account."
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Print the plan and stop.")
now_option = click.option(
    "--now", type=Moment(), metavar="TIMESTAMP", help="Pretend that the current time is TIMESTAMP (embedded AWS only)."
)
