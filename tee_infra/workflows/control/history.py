"""Note in the control table that an action begins, and how it ended."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Literal

from tee_infra.aws.control_table import ControlTable
from tee_infra.core.lifecycle.actor import Actor
from tee_infra.core.lifecycle.history import HistoryEntry
from tee_infra.errors import RefusedError, TeeInfraError

Result = Literal["begun", "done", "failed", "refused"]


@contextmanager
def recorded(control: ControlTable, actor: Actor, environment: str, action: str) -> Generator[list[str]]:
    """Note the block as `action`. What it appends to the list becomes the detail of its end.

    Times are this machine's, whatever time the action decides by, so the entries are in the order of what was done. A
    run that is killed leaves only the beginning. Raises as `ControlTable.append` does, but never hides what the
    block raised.
    """

    def note(result: Result, detail: str = "") -> None:
        control.append(
            HistoryEntry(
                environment=environment,
                action=action,
                result=result,
                when=datetime.now(UTC),
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
