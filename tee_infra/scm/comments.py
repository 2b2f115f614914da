"""Comments on a pull request: one for each marker, updated in place."""

import random
import time
from collections.abc import Callable
from typing import Any, Final

from tee_infra.core.backoff import Backoff
from tee_infra.scm.github_api import GitHubApi, GitHubError, everything, request

PATIENCE: Final = 120.0
"""The total wait in seconds before giving up on GitHub."""

_BACKOFF: Final = Backoff(base=1.0, cap=20.0)
_ATTEMPTS: Final = 8
_GONE: Final = 404
# A rate limit, an overload, or a temporary error: a retry may succeed.
_PASSES: Final = frozenset({429, 500, 502, 503, 504})

# An author with write access may change any comment in the repository. Comments of other authors are never used as
# the review comment: they could change it afterwards.
_TRUSTED: Final = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})

Comment = dict[str, Any]


def post_comment(
    api: GitHubApi,
    repository: str,
    number: int,
    marker: str,
    body: str,
    *,
    patience: float = PATIENCE,
    pause: Callable[[float], None] = time.sleep,
) -> str:
    """Make `body` the only comment that begins with `marker`, and return its address.

    A request with a lost answer may have succeeded, so every attempt first lists the comments. Raises `GitHubError`
    after a wait of `patience` seconds, or at once for a permanent error.
    """
    waited = 0.0
    for failures in range(_ATTEMPTS):
        try:
            return _put(api, repository, number, marker, body)
        except GitHubError as error:
            wait = error.retry_after if error.retry_after is not None else _BACKOFF.delay(failures, random.random())  # noqa: S311
            if not _passes(error) or failures == _ATTEMPTS - 1 or waited + wait > patience:
                raise
        pause(wait)
        waited += wait
    raise AssertionError("the last attempt returns or raises")


def open_pull_request(api: GitHubApi, repository: str, branch: str) -> int | None:
    """The oldest open pull request of a branch of the repository itself. Raises `GitHubError`."""
    owner = repository.partition("/")[0]
    found = everything(api, f"/repos/{repository}/pulls", state="open", head=f"{owner}:{branch}")
    return min((pull["number"] for pull in found), default=None)


def _put(api: GitHubApi, repository: str, number: int, marker: str, body: str) -> str:
    """Two runs that create the first comment at the same moment both keep the older one."""
    listing = f"/repos/{repository}/issues/{number}/comments"
    ours = _ours(everything(api, listing), marker)
    if not ours:
        request(api, "POST", listing, content={"body": body})
        ours = _ours(everything(api, listing), marker)
    if not ours:
        raise GitHubError(f"{listing} does not list the comment that was just created")
    kept, *later = ours
    if kept["body"] != body:
        _update(api, repository, kept, body)
    for duplicate in later:
        _delete(api, repository, duplicate)
    return kept["html_url"]


def _ours(comments: list[Comment], marker: str) -> list[Comment]:
    """Comments that begin with the marker, by a bot or an author with write access; the oldest first."""
    found = [
        comment
        for comment in comments
        if (comment.get("body") or "").startswith(marker)
        and ((comment.get("user") or {}).get("type") == "Bot" or comment.get("author_association") in _TRUSTED)
    ]
    return sorted(found, key=lambda comment: comment["id"])


def _update(api: GitHubApi, repository: str, comment: Comment, body: str) -> None:
    try:
        request(api, "PATCH", _path(repository, comment), content={"body": body})
    except GitHubError as error:
        if error.status != _GONE:
            raise
        raise GitHubError(f"comment {comment['id']} was deleted meanwhile") from None  # retried


def _delete(api: GitHubApi, repository: str, comment: Comment) -> None:
    try:
        request(api, "DELETE", _path(repository, comment))
    except GitHubError as error:
        if error.status != _GONE:
            raise


def _path(repository: str, comment: Comment) -> str:
    return f"/repos/{repository}/issues/comments/{comment['id']}"


def _passes(error: GitHubError) -> bool:
    """A request without an answer may be retried. A 403 only where it is a rate limit, which ends."""
    return error.status is None or error.status in _PASSES or error.retry_after is not None
