"""Names of arguments and options that scripts may still use: accepted, not shown in any help."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click
from click.core import ParameterSource

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Command], Command]

_OLD = "old_"


class _Renamed(click.Parameter):
    """Takes its value from the option with the old name where only that one is given."""

    def consume_value(self, ctx: click.Context, opts: Mapping[str, Any]) -> tuple[Any, ParameterSource]:
        """The value as typed. Raises `click.UsageError` where both names are given, with different values."""
        value, source = super().consume_value(ctx, opts)
        old = opts.get(f"{_OLD}{self.name}")
        if old is None:
            return value, source
        if source is ParameterSource.COMMANDLINE:
            if self.multiple:
                return [*value, *old], source
            if self.type_cast_value(ctx, value) != self.type_cast_value(ctx, old):
                raise click.UsageError(f"{self.human_readable_name} is given twice, as {value!r} and as {old!r}", ctx)
        return old, ParameterSource.COMMANDLINE


class _RenamedArgument(_Renamed, click.Argument):
    """An argument that was an option."""


class _RenamedOption(_Renamed, click.Option):
    """An option that had another name."""


def renamed_argument(name: str, *, old: str, **attributes: Any) -> Decorator[Any]:
    """An argument that scripts may still give as the option `old`."""
    return _both(click.argument(name, cls=_RenamedArgument, **attributes), name, old, multiple=False)


def renamed_option(flag: str, name: str, *, old: str, multiple: bool = False, **attributes: Any) -> Decorator[Any]:
    """An option that scripts may still give as `old`."""
    option = click.option(flag, name, cls=_RenamedOption, multiple=multiple, **attributes)
    return _both(option, name, old, multiple=multiple)


class RenamedChoice(click.Choice[str]):
    """A choice that also accepts old values: `old` maps them to the new ones."""

    def __init__(self, choices: Sequence[str], old: Mapping[str, str]) -> None:
        super().__init__(choices)
        self._old = old

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The new value. Raises `click.BadParameter`."""
        return super().convert(self._old.get(value, value), param, ctx)


def _both(new: Decorator[Any], name: str, old: str, *, multiple: bool) -> Decorator[Any]:
    hidden = click.option(old, f"{_OLD}{name}", hidden=True, expose_value=False, multiple=multiple)
    return lambda command: new(hidden(command))
