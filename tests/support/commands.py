"""Commands run in this process, and what they print under `--json`, held against the schema of the command."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import click
from click.testing import CliRunner, Result

from tee_infra.cli.envelope import ReportedError
from tee_infra.cli.root import root
from tee_infra.cli.schemas import envelope_of


def invoke(command: click.Command, *arguments: str, typed: str | None = None) -> Result:
    """Run a command; its error is raised, as the root command sees it."""
    try:
        return CliRunner().invoke(command, arguments, input=typed, catch_exceptions=False)
    except ReportedError as reported:
        raise reported.error from None


def json_of(run: Callable[..., Result], *arguments: Any) -> Any:
    """The result of a command that is run by `run(*arguments)`, the first of which may be a group or command."""
    start, words = (arguments[0], arguments[1:]) if isinstance(arguments[0], click.Command) else (root, arguments)
    return document(run(*arguments).stdout, words, start)["result"]


def document(printed: str, arguments: Sequence[str], start: click.Command = root) -> dict[str, Any]:
    """The one document on standard output, valid by the schema of the command that `arguments` name under `start`."""
    command = command_of(arguments, start)
    envelope_of(command).model_validate_json(printed, strict=True)
    return json.loads(printed)


def command_of(arguments: Sequence[str], start: click.Command = root) -> click.Command:
    """The command that a command line leads to."""
    command, context = start, click.Context(start)
    for word in arguments:
        if isinstance(command, click.Group) and (child := command.get_command(context, word)) is not None:
            command = child
    return command
