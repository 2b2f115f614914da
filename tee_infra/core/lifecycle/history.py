"""The history of environments: appended to, never changed."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from tee_infra.core.lifecycle.record import Time


class HistoryEntry(BaseModel):
    """Begin or end of an action. `when`: the acting machine's clock; `who`, `where`: as in `core.lifecycle.actor`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    environment: str
    action: str
    """The command's verb: `create`, `extend`, `destroy`, `sweep`, `repair`."""
    result: Literal["begun", "done", "failed", "refused"]
    when: Time
    who: str
    where: str
    detail: str = ""
