"""Groups of commands that load when they are called, so that `--help` answers at once."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

Commands = Mapping[str, tuple[str, str, str]]
"""Name -> (module of `tee_infra.cli` that has it, attribute, the line that `--help` shows for it)."""


class LazyGroup(click.Group):
    """A group of commands in `sections`, heading -> commands."""

    def __init__(self, *arguments: Any, sections: Mapping[str, Commands], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.sections = sections
        self._lazy = {name: command for commands in sections.values() for name, command in commands.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names, in the order in which they were written."""
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load a command."""
        if cmd_name not in self._lazy:
            return None
        module, attribute, _ = self._lazy[cmd_name]
        return getattr(import_module(f"tee_infra.cli.{module}"), attribute)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The commands of `--help` under their headings, none of them loaded."""
        width = max(map(len, self._lazy))
        for heading, commands in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), line) for name, (_, _, line) in commands.items()])
