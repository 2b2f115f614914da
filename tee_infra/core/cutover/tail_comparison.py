"""When a tail compares both slots: soon after it began to follow back, then before a rollback's comparison is too old.

An app that writes to the old slot by a fixed name is not stopped, and the tail does not see it, because it reads the
streams of the open slot. Only a comparison finds such a write, and each one reads both slots completely.
"""

from datetime import datetime, timedelta
from typing import Final

EARLY: Final = (timedelta(minutes=10), timedelta(hours=1))
"""After the switch: an app that was forgotten shows soon, a job that runs every hour by the second one."""
AGAIN: Final = timedelta(hours=20)
"""A rollback needs a complete comparison of the last 24 hours."""
UNCLEAN_AGAIN: Final = timedelta(hours=1)
"""After a difference, or a comparison that failed: a person may have settled it."""


def comparison_is_due(
    now: datetime, *, switched_at: datetime | None, compared_at: datetime | None, clean: bool
) -> bool:
    """Whether to compare now. `switched_at`: when the switch ended that this tail follows back; None for another tail.

    `compared_at`: when the last comparison began, None if there was none; `clean`: whether it found no difference. All
    times are AWS's.
    """
    if compared_at is None:
        return True
    if switched_at is not None and any(compared_at < switched_at + after <= now for after in EARLY):
        return True
    return now - compared_at > (AGAIN if clean else UNCLEAN_AGAIN)
