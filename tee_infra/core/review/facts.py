"""What a review comment is about: the facts of one run on one environment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tee_infra.core.changes.engine_run import EngineRun

Action = Literal["preview", "up"]


@dataclass(frozen=True, kw_only=True)
class Quota:
    """How many feature environments there are, and may be."""

    used: int
    limit: int


@dataclass(frozen=True, kw_only=True)
class Review:
    """What a comment is about. `problems` are why the run failed; without one it did not.

    `commit` is what was deployed, `run_url` where its log is; either may be unknown.
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
    """What a comment of ours begins with, and none but those on this environment's stack. Not shown by GitHub."""
    return f"<!-- tee-infra:{project}/{environment} -->"
