"""Environments: their kinds, and how a name is read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tee_infra.core import names
from tee_infra.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Kind:
    """The properties of all environments of one kind.

    `settings` overrides the strict defaults of `tee_infra.core.settings.Settings`; all others keep these defaults.
    """

    name: str
    aliases: tuple[str, ...] = ()
    roles: tuple[str, ...] = ("app", "developer", "deployer", "migrator")
    production: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])


_NOTHING_TO_LOSE: Final[dict[str, Any]] = {
    "catalog_version": None,
    "point_in_time_recovery_days": None,
    "deletion_protection": False,
    "protect": False,
    "customer_managed_key": False,
    "log_retention_days": 7,
    "alarms": False,
    "monthly_budget_usd": None,
    "audit": "off",
}
"""Relaxed settings for environments without personal data. Caps are still to be chosen."""

KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind(
            name="prod",
            aliases=("production", "prd"),
            roles=("app", "developer", "deployer", "privileged-deployer", "migrator", "break-glass"),
            production=True,
        ),
        Kind(
            name="staging",
            aliases=("stage", "stg"),
            settings={
                "catalog_version": None,
                "max_read_units": 1000,
                "max_write_units": 1000,
                "point_in_time_recovery_days": 7,
                "customer_managed_key": False,
                "log_retention_days": 90,
                "monthly_budget_usd": 50.0,
                "audit": "off",
            },
        ),
        Kind(
            name="dev",
            aliases=("development", "develop"),
            roles=("app", "developer", "deployer", "migrator", "cleanup"),
            settings=_NOTHING_TO_LOSE
            | {
                "max_read_units": 100,
                "max_write_units": 100,
                "log_retention_days": 14,
                "monthly_budget_usd": 20.0,
            },
        ),
        Kind(
            name="test",
            aliases=("testing",),
            settings=_NOTHING_TO_LOSE | {"max_read_units": 100, "max_write_units": 100},
        ),
        Kind(
            name="feature",
            roles=("app", "developer"),
            settings=_NOTHING_TO_LOSE | {"max_read_units": 25, "max_write_units": 25},
        ),
    )
}
"""Every kind, by name. A new kind is one entry here; `AGENTS.md` lists the further steps."""

SLOT_PATTERN: Final = "prod-v[1-9][0-9]{0,3}"
FEATURE_PATTERN: Final = f"feature-{names.SLUG_PATTERN}"
"""Both use only syntax that Python and JavaScript share: the app checks its stage with the same patterns."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One environment: its name, its kind and, for a slot of production (`prod-v2`), the slot."""

    name: str
    kind: Kind
    slot: str | None = None

    @property
    def is_feature(self) -> bool:
        """Whether it belongs to a branch and expires."""
        return self.kind.name == "feature"


class UnknownEnvironmentError(UsageError):
    """A name or stage of no environment; `value` is the text, `source` its origin."""

    def __init__(self, value: str, source: str = "environment") -> None:
        self.value = value
        self.source = source
        super().__init__(f"unknown {source} {value!r}; allowed: {ALLOWED}")


def parse_environment(name: str, source: str = "environment") -> Environment:
    """Read an environment's exact name: `dev`, `prod-v2`, `feature-new-auth`.

    Raises `UnknownEnvironmentError` for anything else, such as `prod-hotfix`: a slot is `prod-v` and a
    number without leading zeros, and every other name must be a permanent kind's or match the feature form completely.
    """
    if name in KINDS and name != "feature":
        return Environment(name=name, kind=KINDS[name])
    if re.fullmatch(SLOT_PATTERN, name):
        return Environment(name=name, kind=KINDS["prod"], slot=name.removeprefix("prod-"))
    if re.fullmatch(FEATURE_PATTERN, name):
        return Environment(name=name, kind=KINDS["feature"])
    raise UnknownEnvironmentError(name, source)


LEGACY_SLOT: Final = Environment(name=names.LEGACY, kind=KINDS["prod"], slot=names.LEGACY)
"""The bare tables, with a stack of that name. No command takes it for an environment, and no `up` reads it."""


def parse_owner(name: str) -> Environment:
    """Read the owner of a resource: an environment, or the bare tables' stack. Raises `UnknownEnvironmentError`."""
    return LEGACY_SLOT if name == names.LEGACY else parse_environment(name)


def resolve_stage(stage: str, source: str = "stage") -> Environment:
    """Read a stage as the app writes it: an environment's name or one of the kinds' aliases (`production`)."""
    return parse_environment(ALIASES.get(stage, stage), source)


FEATURE_HOST: Final = "dev"
"""The environment whose account hosts feature environments and whose pipelines create and clean them up."""

ALIASES: Final = {alias: kind.name for kind in KINDS.values() for alias in kind.aliases}
PERMANENT: Final = tuple(name for name in KINDS if name != "feature")
ALLOWED: Final = f"{', '.join(PERMANENT)}, {', '.join(ALIASES)}, prod-v2 (any slot), feature-<slug>"
