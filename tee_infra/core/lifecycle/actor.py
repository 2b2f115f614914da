"""Who runs a command, and where: for locks and for the history."""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Actor:
    """`who` is a person or a pipeline, `where` a machine and process or a workflow run's address."""

    who: str
    where: str

    def describe(self) -> str:
        """`ann on laptop, process 123`."""
        return f"{self.who} on {self.where}"


def actor(environ: Mapping[str, str], user: str, host: str, process: int) -> Actor:
    """On GitHub, the workflow run by its own names; elsewhere the user and the machine."""
    run = environ.get("GITHUB_RUN_ID")
    if run is None:
        return Actor(who=user, where=f"{host}, process {process}")
    server, repository = environ.get("GITHUB_SERVER_URL", "https://github.com"), environ.get("GITHUB_REPOSITORY", "")
    return Actor(who=environ.get("GITHUB_ACTOR", user), where=f"{server}/{repository}/actions/runs/{run}")


def process_on(host: str, described: str) -> int | None:
    """The process id in a text of `Actor.describe`; None for an actor on another machine than `host`."""
    match = re.search(rf" on {re.escape(host)}, process ([0-9]{{1,10}})$", described)
    return int(match[1]) if match else None
