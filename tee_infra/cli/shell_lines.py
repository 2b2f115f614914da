"""Lines that a shell evaluates to take variables, and to restore its own.

Its own are kept in a variable of the shell that is not exported: no program that it starts sees old credentials.
"""

import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from tee_infra.core.printable import printable
from tee_infra.errors import UsageError


class UnrestorableVariableError(UsageError):
    """A `variable` of the shell has characters that no line of a script can restore."""

    def __init__(self, variable: str) -> None:
        self.variable = variable
        super().__init__(f"{variable}: has characters that --unset could not restore", next=f"Unset {variable} first")


@dataclass(frozen=True, kw_only=True)
class Shell:
    """How a shell spells it. In `keep`, {all} is the undo of a first time, and {more} what a later one adds to it."""

    quote: Callable[[str], str]
    export: str
    unset: str
    keep: str
    undo: str


def _quote_fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _quote_powershell(text: str) -> str:
    """It takes typographic quotes for quotes."""
    return "'" + "".join(letter * 2 if letter in "'\u2018\u2019\u201a\u201b" else letter for letter in text) + "'"


SHELLS: Final = {
    "posix": Shell(
        quote=shlex.quote,
        export="export {name}={value}",
        unset="unset {name}",
        keep='[ -n "${{_tee_undo-}}" ] && _tee_undo="$_tee_undo; "{more} || _tee_undo={all}',
        undo='[ -n "${{_tee_undo-}}" ] || _tee_undo={inherited}; eval "$_tee_undo"; unset _tee_undo',
    ),
    "fish": Shell(
        quote=_quote_fish,
        export="set -gx {name} {value}",
        unset="set -e {name}",
        keep='set -q _tee_undo; and set -g _tee_undo "$_tee_undo; "{more}; or set -g _tee_undo {all}',
        undo="set -q _tee_undo; or set -g _tee_undo {inherited}; eval $_tee_undo; set -e _tee_undo",
    ),
    "powershell": Shell(
        quote=_quote_powershell,
        export="$env:{name} = {value}",
        unset="Remove-Item -ErrorAction Ignore Env:{name}",
        keep="if ($global:_tee_undo) {{ $global:_tee_undo += '; ' + {more} }} else {{ $global:_tee_undo = {all} }}",
        undo="if (-not $global:_tee_undo) {{ $global:_tee_undo = {inherited} }}"
        "; Invoke-Expression $global:_tee_undo; $global:_tee_undo = $null",
    ),
}
_NOTHING: Final = {"posix": ":", "fish": "true", "powershell": "$null"}


def shell_of(variable: str | None) -> str:
    """The name in `SHELLS` of the shell that the variable SHELL names."""
    name = PurePath(variable or "").name
    return {"fish": "fish", "pwsh": "powershell", "powershell": "powershell"}.get(name, "posix")


def taking_lines(
    name: str, environ: Mapping[str, str], variables: Mapping[str, str], foreign: Sequence[str]
) -> list[str]:
    """Lines that set `variables` and unset `foreign` ones. `environ`: what the shell exports now.

    Evaluated again they keep the first undo, and add to it the foreign variables that the shell got since. Raises
    `UnrestorableVariableError`.
    """
    shell = SHELLS[name]
    found = [each for each in foreign if each in environ]
    undo = _restoring(shell, environ, [*variables, *found])
    more = _restoring(shell, environ, found) or _NOTHING[name]
    return [
        shell.keep.format(all=shell.quote(undo), more=shell.quote(more)),
        "; ".join(shell.unset.format(name=each) for each in foreign),
        *(shell.export.format(name=each, value=shell.quote(value)) for each, value in variables.items()),
    ]


def undoing_lines(name: str, inherited: Collection[str]) -> list[str]:
    """Lines that undo those. `inherited`: what to unset in a shell that only inherited the variables."""
    shell = SHELLS[name]
    unset = "; ".join(shell.unset.format(name=each) for each in inherited) or _NOTHING[name]
    return [shell.undo.format(inherited=shell.quote(unset))]


def _restoring(shell: Shell, environ: Mapping[str, str], names: Sequence[str]) -> str:
    lines: list[str] = []
    for name in names:
        if name not in environ:
            lines.append(shell.unset.format(name=name))
        elif printable(environ[name]) != environ[name]:
            raise UnrestorableVariableError(name)
        else:
            lines.append(shell.export.format(name=name, value=shell.quote(environ[name])))
    return "; ".join(lines)
