"""What `tee-infra doctor` says about one thing that the commands need."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One fact.

    Attributes:
        name: what was looked for, as a person calls it.
        ok: whether the commands can work with what was found.
        value: what was found.
        fix: the next thing to type or change; empty when nothing is missing.
    """

    name: str
    ok: bool
    value: str
    fix: str = ""
