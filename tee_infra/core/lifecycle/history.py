"""The history of environments: appended to, never changed."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class HistoryEntry(BaseModel):
    """Begin or end of an action. `when`: the acting machine's clock; `who`, `where`: as in `core.lifecycle.actor`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: str
    action: str
    """The command's verb: `create`, `extend`, `destroy`, `sweep`, `repair`."""
    result: Literal["begun", "done", "failed", "refused"]
    when: Annotated[AwareDatetime, Field(strict=False)]
    who: str
    where: str
    detail: str = ""
