"""The slots of production: after a switch its app has its tables in one of them.

The settings of production name them, so that its roles reach these and no slot that is made later. The roles of
a slot's own stack reach the tables of that slot only.
"""

from collections.abc import Sequence
from dataclasses import replace

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.environments import parse_environment


def with_slots(arns: Arns, slots: Sequence[str]) -> list[Arns]:
    """An environment itself, and the slots that its settings name."""
    return [arns, *(replace(arns, environment=slot) for slot in slots)]


def with_production(arns: Arns) -> list[Arns]:
    """The other way round: a slot, and production, whose roles reach it. Any other environment itself."""
    is_slot = arns.environment == names.LEGACY or parse_environment(arns.environment).slot is not None
    return [arns, replace(arns, environment=names.PRODUCTION)] if is_slot else [arns]


def reached(one: Arns) -> list[str]:
    """What a boundary permits of a slot: the tables under its name, or exactly the legacy tables.

    Nothing under a common beginning of the legacy tables' names, which the control table has too.
    """
    if one.environment != names.LEGACY:
        return [one.named_tables]
    return [arn for table in one.tables for arn in (table, f"{table}/*")]


def under_their_names(scope: Sequence[Arns]) -> list[str]:
    """Every table under the names in `scope`, for a Deny, which may say more: one pattern names all slots."""
    own, slots = scope[0], [one for one in scope[1:] if one.environment != names.LEGACY]
    legacy = [f"{table}*" for one in scope if one.environment == names.LEGACY for table in one.tables]
    return [replace(own, environment=f"{own.environment}*").named_tables if slots else own.named_tables, *legacy]
