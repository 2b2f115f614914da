"""The history of an environment: entries in the control table for the begin and the end of each action."""

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
    """Write the history of the block as `action`. The strings that it appends to the list become the end's detail.

    Times are this machine's clock, never `--now`, so the entries are in the order of the actions. A killed run leaves
    only its begin. Raises as `ControlTable.append` does, but never hides an error of the block.
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
