"""The help of every command: it fits 80 columns, its examples parse, and each name and type is written one way."""

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from tee_infra.cli.root import root
from tests.contracts.test_docs import parse
from tests.support.cases import every

WIDTH = 80
WITH_EXAMPLES = {
    "up", "preview", "diff", "feature create", "cleanup", "data get", "data query", "data scan", "data copy",
    "data sync-dev", "data make-key", "data reset", "backup create", "backup restore",
    "migrate", "switch", "rollback",
    "run", "legacy adopt", "legacy migrate", "legacy cleanup", "archive",
}  # fmt: skip
PLACEHOLDERS = {
    "ENV", "DURATION", "MODULE:FUNCTION", "TIMESTAMP", "FILE", "DIR", "TABLE", "N", "ARN", "BRANCH", "BUCKET",
    "CONDITION", "DATE", "FRACTION", "INDEX", "OWNER", "PARTITION", "PERCENT", "PORT", "PREFIX", "REASON", "REMOTE",
    "SLOT", "SORT", "SUFFIX", "URL",
}  # fmt: skip
REFUSED_OPTIONS = {"--table", "--env", "--environment", "--stage", "--entities", "--anonymise", "--anonymised"}


def walk(group: click.Group, context: click.Context, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path}{name}", command
        if isinstance(command, click.Group):
            yield from walk(command, click.Context(command, info_name=name, parent=context), f"{path}{name} ")


COMMANDS = dict(walk(root, click.Context(root, info_name="tee-infra")))
each_command = every(COMMANDS)


def help_of(command: click.Command, path: str) -> str:
    return command.get_help(click.Context(command, info_name=f"tee-infra {path}".rstrip()))


def visible(command: click.Command) -> list[click.Parameter]:
    return [
        parameter
        for parameter in command.params
        if isinstance(parameter, click.Argument) or not getattr(parameter, "hidden", False)
    ]


def examples_in(command: click.Command) -> list[str]:
    return re.findall(r"^  (tee-infra .*)$", command.epilog or "", re.MULTILINE)


@pytest.mark.parametrize(
    ("path", "group"), [("", root), *((path, it) for path, it in COMMANDS.items() if isinstance(it, click.Group))]
)
def test_the_line_of_each_command_in_a_list_is_whole_and_fits(path: str, group: click.Group) -> None:
    text = help_of(group, path)
    assert "..." not in text.split("[ARGS]...", 1)[1]
    assert max(map(len, text.splitlines())) <= WIDTH
    for name in group.list_commands(click.Context(group)):
        (line,) = re.findall(rf"^  {name} +(.*)$", text, re.MULTILINE)
        assert line.endswith("."), name
        assert line == (COMMANDS[f"{path} {name}".strip()].help or "").splitlines()[0], name


@each_command
def test_every_line_of_help_fits(path: str) -> None:
    command = COMMANDS[path]
    assert max(map(len, help_of(command, path).splitlines())) <= WIDTH


@each_command
def test_examples_parse(path: str) -> None:
    command = COMMANDS[path]
    examples = examples_in(command)
    assert bool(examples) == (path in WITH_EXAMPLES)
    for example in examples:
        assert example.startswith(f"tee-infra {path} ") or example == f"tee-infra {path}"
        parse(shlex.split(example)[1:])


@each_command
def test_each_type_has_one_placeholder(path: str) -> None:
    command = COMMANDS[path]
    for parameter in visible(command):
        if isinstance(parameter, click.Option) and (parameter.is_flag or isinstance(parameter.type, click.Choice)):
            continue
        assert parameter.metavar, f"{parameter.name} has no placeholder"
        assert parameter.metavar.strip("[]") in PLACEHOLDERS, parameter.name


@each_command
def test_each_name_has_one_spelling(path: str) -> None:
    command = COMMANDS[path]
    names = {path.rsplit(" ", 1)[-1], *(name for parameter in visible(command) for name in parameter.opts)}
    assert not names & REFUSED_OPTIONS
    assert not re.search("anonymis", help_of(command, path))
    arguments = [parameter for parameter in visible(command) if isinstance(parameter, click.Argument)]
    assert all(argument.metavar for argument in arguments)


@each_command
def test_every_option_says_what_it_does_and_its_default_in_a_sentence(path: str) -> None:
    command = COMMANDS[path]
    assert "[default:" not in help_of(command, path)
    for parameter in visible(command):
        if isinstance(parameter, click.Option):
            assert re.search(r"[\w)]\.$", parameter.help or ""), parameter.name
