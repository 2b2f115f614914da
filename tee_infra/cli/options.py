"""Arguments and options that several commands share."""

from datetime import datetime
from typing import Any

import click

from tee_infra.core.environments import Environment, resolve_stage
from tee_infra.core.times import parse_time
from tee_infra.errors import UsageError


class EnvironmentName(click.ParamType[Environment]):
    """An environment's name or one of the stages' aliases."""

    name = "environment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Environment:  # noqa: ARG002
        """Read `value`. Raises `UnknownEnvironmentError`, which lists what is allowed."""
        return value if isinstance(value, Environment) else resolve_stage(value, "environment")


class Moment(click.ParamType[datetime]):
    """A time as RFC 3339, with its zone."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:  # noqa: ARG002
        """Read `value`. Raises `UsageError`."""
        try:
            return value if isinstance(value, datetime) else parse_time(value)
        except ValueError:
            raise UsageError(f"--now is {value!r}, no time", next="Write it as 2026-12-01T00:00:00Z") from None


environment_argument = click.argument("environment", type=EnvironmentName(), metavar="ENV")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON alone on standard output.")
local_option = click.option("--local", is_flag=True, help="Use the embedded AWS, whatever account is named.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Show the plan and stop.")
now_option = click.option("--now", type=Moment(), metavar="TIME", help="The clock to go by; on the embedded AWS only.")
