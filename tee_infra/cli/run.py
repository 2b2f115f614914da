"""`tee-infra run`."""

import os
from pathlib import Path
from typing import Final

import click

from tee_infra.cli.default_environment import environment_or_default, optional_environment
from tee_infra.cli.options import examples, local_option
from tee_infra.cli.output import Output, prints
from tee_infra.cli.results import ResultModel
from tee_infra.core.environments import Environment
from tee_infra.errors import UsageError
from tee_infra.workflows.session.checkout import find_project
from tee_infra.workflows.session.command import become, command_variables
from tee_infra.workflows.session.session import open_session

DASHES: Final = "--"


class RunResult(ResultModel):
    """The environment, the variables that it sets or changes, those of the shell that it removes, and the command."""

    environment: str
    variables: dict[str, str]
    unset: list[str]
    command: list[str]


class DashedCommand(click.Command):
    """A command with another program's command line after `--`, in the parameter `command`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments before the first `--`; the rest is not this program's."""
        own, command = (args, []) if DASHES not in args else _split(args)
        rest = super().parse_args(ctx, own)
        ctx.params["command"] = command
        return rest

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The usage, with what follows `--`."""
        return [*super().collect_usage_pieces(ctx), DASHES, "COMMAND..."]


@prints(RunResult)
@click.command(
    cls=DashedCommand,
    epilog=examples(
        "tee-infra run -- yarn web",
        "tee-infra run staging -- yarn web",
        "tee-infra run feature-new-auth -- aws dynamodb list-tables",
    ),
)
@optional_environment
@local_option
@click.option("--json", "as_json", is_flag=True, help="Print only JSON, with the variables, and do not run COMMAND.")
def run(environment: Environment | None, local: bool, command: list[str], as_json: bool) -> None:
    """Run a command of the app in an environment.

    COMMAND gets the variables of `tee-infra env export`, on the embedded AWS its address and credentials too, and the
    shell keeps its own. Input, output, signals and the exit code are those of COMMAND; 127 if it does not exist.
    """
    if not command:
        raise UsageError("run: no command to run", next="Give it after --, e.g. tee-infra run -- yarn web")
    environment = environment_or_default(environment, local=local)
    output = Output(as_json, for_file=True)
    session = open_session(find_project(Path.cwd()), environment, output, local=local, start=True)
    variables = command_variables(session, os.environ)
    if not as_json:
        become(command, variables)
    changed = {name: value for name, value in variables.items() if os.environ.get(name) != value}
    unset = sorted(set(os.environ) - set(variables))
    output.result(RunResult(environment=environment.name, variables=changed, unset=unset, command=command), [])


def _split(args: list[str]) -> tuple[list[str], list[str]]:
    at = args.index(DASHES)
    return args[:at], args[at + 1 :]
