"""The facts of a review comment: one run on one environment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from tee_infra.core.changes.engine_run import EngineRun

_MARK: Final = "<!-- tee-infra:"
Action = Literal["preview", "up"]


@dataclass(frozen=True, kw_only=True)
class Quota:
    """The number of feature environments, and the limit."""

    used: int
    limit: int


@dataclass(frozen=True, kw_only=True)
class Review:
    """The facts of a comment. `problems` are the errors of a failed run, empty for a successful one.

    `commit` is the deployed commit, `run_url` the address of the log; either may be unknown.
    """

    project: str
    environment: str
    action: Action
    run: EngineRun
    now: datetime
    problems: tuple[str, ...] = ()
    expires_at: datetime | None = None
    quota: Quota | None = None
    commit: str | None = None
    run_url: str | None = None


def marker(project: str, environment: str) -> str:
    """The first line of every comment about this environment's stack, and of no other. Not shown by GitHub."""
    return f"{_MARK}{project}/{environment} -->"


def is_comment(text: bytes) -> bool:
    """Whether a file that begins with `text` holds a review comment, about any environment's stack."""
    return text.startswith(_MARK.encode())
