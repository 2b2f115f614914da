"""One line of `tee-infra doctor`: a tool or setting that the commands need."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One fact.

    Attributes:
        name: the tool or setting, in words.
        ok: whether the commands can work with it.
        value: its version, place or value.
        fix: the next command or change; empty when nothing is missing.
    """

    name: str
    ok: bool
    value: str
    fix: str = ""
