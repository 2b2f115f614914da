"""The commands' reference, from the commands themselves: `python -m tee_infra.cli.reference > docs/commands.md`."""

from collections.abc import Iterator

import click

from tee_infra.cli.root import root

HEADING = """\
# Commands

Made by `python -m tee_infra.cli.reference > docs/commands.md`; a test compares.
"""


def reference() -> str:
    """Markdown with the help text of every command, in the order of `--help`."""
    sections = [f"\n## {path}\n\n```text\n{text}\n```\n" for path, text in _helps(root, "tee-infra", None)]
    return HEADING + "".join(sections)


def _helps(command: click.Command, path: str, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    name = path.rsplit(" ", 1)[-1]
    context = click.Context(command, info_name=name, parent=parent, **command.context_settings)
    yield path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from _helps(child, f"{path} {name}", context)


if __name__ == "__main__":
    click.echo(reference(), nl=False)
