"""Adds up the shadow reads that an app's clients have counted in the control table."""

from collections.abc import Sequence
from datetime import datetime

from tee_infra.aws.control_store import ControlItems
from tee_infra.core import names
from tee_infra.core.cutover.shadow_reads import ShadowReads, read_shadow_reads
from tee_infra.core.cutover.slots import is_slot
from tee_infra.core.unreadable import Unreadable


def count_shadow_reads(
    control: ControlItems, target: str, verified_at: Sequence[datetime | None]
) -> ShadowReads | Unreadable | None:
    """The shadow reads of a slot since its tables were compared: the earliest of `verified_at`, one for each table.

    None: no client has sent any within a day. Raises as `ControlItems` does.
    """
    if not is_slot(target):
        return None
    items, now = control.collection(names.pointer(names.PRODUCTION))
    known = [time for time in verified_at if time is not None]
    since = min(known) if known and len(known) == len(verified_at) else None
    return read_shadow_reads(items, target, now, since)
