"""The items of migrations and switches in the control table: production's migrators keep them, and no other role.

`core/names.py` spells their partition keys for the commands too, so that a right and its code cannot drift apart.
"""

from collections.abc import Sequence
from typing import Final

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.environments import Environment
from tee_infra.core.resources.access.actions import LIST_TABLES, STREAM_READERS
from tee_infra.core.resources.access.documents import EVERYTHING, Statement, allow
from tee_infra.core.resources.access.slots import with_production, with_slots

LOOK: Final = (LIST_TABLES, STREAM_READERS)
READ: Final = ("dynamodb:GetItem", "dynamodb:Query")
CUTOVER: Final = ("dynamodb:ConditionCheckItem", "dynamodb:PutItem", *READ)
"""Each item is put on a condition, or in a transaction with a check of the lock."""


def on_cutover(environment: Environment, arns: Arns, slots: Sequence[str]) -> list[Statement]:
    """What a migrator does there: production's reads, and while there are other slots migrates and switches.

    A slot's only migrates into it, so it reads the pointer and the last switch and puts neither. Other environments
    have no slots.
    """
    if not environment.kind.production:
        return []
    home, is_slot = with_production(arns)[-1].environment, environment.slot is not None
    journals = [names.replication_journal("*", one.environment, "*", "*") for one in with_slots(arns, slots)]
    replications = [names.LOCKS, names.REPORTS, names.ORDERS, *journals]
    switches = [names.switch_journal(home), names.tail(home), names.retirement(home), names.history(home)]
    if is_slot:
        return [
            _on_items(arns, "Cutover", CUTOVER, replications),
            _on_items(arns, "CutoverPointer", READ, [names.pointer(home), names.switch_journal(home)]),
        ]
    keys = [names.pointer(home), *switches, *replications]
    return [
        _on_items(arns, "Cutover", CUTOVER if slots else READ, keys),
        allow("Look", LOOK, EVERYTHING),  # they list, and take no resource
    ]


def _on_items(arns: Arns, sid: str, actions: Sequence[str], keys: Sequence[str]) -> Statement:
    """`ForAllValues` also holds for a request without any key, so the key has to be there."""
    only = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys}, "Null": {"dynamodb:LeadingKeys": "false"}}
    return allow(sid, actions, [arns.control_table], conditions=only)
