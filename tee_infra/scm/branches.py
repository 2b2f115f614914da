"""The branches of a repository on GitHub, and which of them are in an open pull request."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.names import ref_problem
from tee_infra.scm.github_api import PER_PAGE, GitHubError, connect, everything

READINGS: Final = 5

Entry = dict[str, Any]
Told = TypeVar("Told")


def github_branches(repository: str, api_url: str, token: str) -> Branches:
    """All branches of `repository` (`owner/name`) with their heads. Raises `GitHubError` rather than return fewer."""
    api = connect(api_url, token)
    heads = _steady(lambda: everything(api, f"/repos/{repository}/branches"), _head)
    pulls = _steady(lambda: everything(api, f"/repos/{repository}/pulls", state="open"), _pull)
    return Branches(
        source=f"GitHub at {api_url}",
        heads=dict(heads),
        in_review=frozenset(branch for branch, owner in pulls if owner.lower() == repository.lower()),
    )


def _head(branch: Entry) -> tuple[str, str]:
    name = _string(branch, "name")
    if problem := ref_problem(name):
        raise GitHubError(f"the list of branches contains {name!r}: {problem}")
    return name, _string(branch, "commit", "sha")


def _pull(pull: Entry) -> tuple[str, str]:
    """A pull request's branch and the repository that has it.

    A fork's branch may have the name of one of this repository and is unrelated to it. A deleted fork is null.
    """
    gone = _at(pull, "head", "repo") is None
    return _string(pull, "head", "ref"), "" if gone else _string(pull, "head", "repo", "full_name")


def _steady(read: Callable[[], list[Entry]], told: Callable[[Entry], Told]) -> list[Told]:
    """The list on which two readings in a row agree, where there is more than one page.

    Pages are counted from the beginning: when a branch of the first page is deleted between two requests, the first
    branch of the second page moves to the first page, and is missed.
    """
    before = [told(entry) for entry in read()]
    if len(before) < PER_PAGE:
        return before
    for _ in range(READINGS):
        again = [told(entry) for entry in read()]
        if again == before:
            return again
        before = again
    raise GitHubError(f"the list of branches changed during each of {READINGS} readings; run the same command again")


def _at(entry: Any, *path: str) -> Any:
    for key in path:
        if not isinstance(entry, dict) or key not in entry:
            raise GitHubError(f"an entry of the list has no {'.'.join(path)}")
        entry = entry[key]
    return entry


def _string(entry: Entry, *path: str) -> str:
    value = _at(entry, *path)
    if not isinstance(value, str) or not value:
        raise GitHubError(f"an entry of the list has {value!r} for {'.'.join(path)}")
    return value
