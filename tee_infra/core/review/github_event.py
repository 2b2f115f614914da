"""The pull request, commit and log of a run, from the variables and the event that GitHub gives a job."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tee_infra.errors import UsageError

_REVIEW: Final = re.compile(r"refs/pull/(?P<number>[1-9][0-9]*)/(?:merge|head)")
_BRANCH: Final = re.compile(r"refs/heads/(?P<branch>.+)")


class NoPullRequestError(UsageError):
    """--post has no pull request to post to; `variable` is the variable to set."""

    def __init__(self, variable: str, form: str) -> None:
        self.variable = variable
        super().__init__(
            f"--post needs {variable} ({form})", next="Set it, or write the comment to a file with --comment FILE"
        )


@dataclass(frozen=True, kw_only=True)
class CommentTarget:
    """A comment's destination: a pull request of `repository` (`owner/name`), by its number, or by its branch."""

    repository: str
    number: int | None
    branch: str | None


def comment_target(environ: Mapping[str, str], event: Mapping[str, Any], branch: str | None = None) -> CommentTarget:
    """The destination of this run's comment. `event` is the payload of its event; some commands know the `branch`.

    A job of a pull request has the number; any other posts to the open pull request of its branch, if there is one.
    Raises `NoPullRequestError`.
    """
    repository = environ.get("GITHUB_REPOSITORY", "")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise NoPullRequestError("GITHUB_REPOSITORY", "owner/name")
    ref = environ.get("GITHUB_REF", "")
    if number := _number(ref, event):
        return CommentTarget(repository=repository, number=number, branch=None)
    pushed = _BRANCH.fullmatch(ref)
    branch = branch or (pushed["branch"] if pushed else None)
    if branch is None:
        raise NoPullRequestError("GITHUB_REF", "refs/pull/NUMBER/merge or refs/heads/BRANCH")
    return CommentTarget(repository=repository, number=None, branch=branch)


def commit_of(environ: Mapping[str, str], event: Mapping[str, Any]) -> str | None:
    """The commit that a job runs on. A pull request's GITHUB_SHA is a temporary merge commit instead."""
    head = _at(event, "pull_request", "head", "sha")
    return head if isinstance(head, str) else environ.get("GITHUB_SHA") or None


def run_url(environ: Mapping[str, str]) -> str | None:
    """The address of a job's log."""
    found = [environ.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")]
    return "{}/{}/actions/runs/{}".format(*found) if all(found) else None


def _number(ref: str, event: Mapping[str, Any]) -> int | None:
    """The ref of `pull_request_target` is the base branch, so the event is read first."""
    if found := _REVIEW.fullmatch(ref):
        return int(found["number"])
    number = _at(event, "pull_request", "number")
    return number if isinstance(number, int) else None


def _at(event: Any, *path: str) -> Any:
    for key in path:
        event = event.get(key) if isinstance(event, Mapping) else None
    return event
