"""Note in the control table that an action begins, and how it ended."""

import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Literal

from tee_infra.core.audit_record import Entry
from tee_infra.errors import RefusedError, TeeInfraError
from tee_infra.workflows.home import Home

Result = Literal["begun", "done", "failed", "refused"]


@contextmanager
def audited(home: Home, environment: str, action: str, now: datetime) -> Generator[list[str]]:
    """Note the block as `action`, begun at `now`. What it appends to the list becomes the detail of its end.

    A run that is killed leaves only the beginning. Raises as `ControlTable.append` does, but never hides what the
    block raised.
    """
    began = time.monotonic()

    def note(result: Result, detail: str = "") -> None:
        when = now + timedelta(seconds=time.monotonic() - began)
        actor = home.actor
        home.control.append(
            Entry(
                environment=environment,
                action=action,
                result=result,
                when=when,
                who=actor.who,
                where=actor.where,
                detail=detail,
            )
        )

    details: list[str] = []
    note("begun")
    try:
        yield details
    except BaseException as error:
        result: Result = "refused" if isinstance(error, RefusedError) else "failed"
        with suppress(TeeInfraError):
            note(result, str(error) or type(error).__name__)
        raise
    note("done", "; ".join(details))
