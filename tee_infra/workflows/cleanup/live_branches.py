"""The live branches, from a file, GitHub's API or git. A partial listing is an error."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.settings import PLACEHOLDER_OWNER
from tee_infra.errors import RemoteError, UsageError
from tee_infra.scm.branches import github_branches
from tee_infra.scm.git import HEADS, GitError, other_repository, remote_refs, remote_url
from tee_infra.scm.github_api import API_URL
from tee_infra.workflows.files import UnusableFileError, read_given
from tee_infra.workflows.session.checkout import Project

_MOST_BYTES: Final = 64 * 1024 * 1024


class BranchesFileError(UsageError):
    """A list of branches that cannot be read."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file = file
        self.reason = reason
        super().__init__(
            f"--branches-file {file}: {reason}. Nothing was changed",
            next="Write one branch per line, as git for-each-ref --format='%(refname)' refs/heads does, or "
            "decide only by leases with --by-lease-only",
        )


class UnknownBranchesError(RemoteError):
    """The live branches cannot be listed, so a missing branch does not prove that it was deleted."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"cannot list the live branches: {reason}. Nothing was changed",
            next="Give them with --branches-file FILE, or decide only by leases with --by-lease-only",
        )


def live_branches(project: Project, repository: str, environ: Mapping[str, str], file: Path | None = None) -> Branches:
    """The branches of `repository` (`owner/name`), with heads and reviews if the source has them.

    The source is the first of: `file`; GitHub, if GITHUB_TOKEN is set and the repository is not a placeholder; the
    checkout's `origin`. An empty list is a valid result. Raises `BranchesFileError` and `UnknownBranchesError`.
    """
    if file is not None:
        return read_branches(file)
    token = environ.get("GITHUB_TOKEN")
    try:
        if token and not repository.startswith(f"{PLACEHOLDER_OWNER}/"):
            return github_branches(repository, environ.get("GITHUB_API_URL") or API_URL, token)
        return _from_git(project.directory, repository)
    except RemoteError as error:
        raise UnknownBranchesError(str(error)) from error


def read_branches(file: Path) -> Branches:
    """The branches in a file, one per line, without blank lines and surrounding spaces. Raises `BranchesFileError`."""
    try:
        lines = [line.strip() for line in read_given(file, _MOST_BYTES).decode("utf-8-sig").split("\n")]
    except UnusableFileError as error:
        raise BranchesFileError(file, error.reason) from None
    except UnicodeDecodeError:
        raise BranchesFileError(file, "not valid UTF-8") from None
    for number, line in enumerate(lines, start=1):
        if len(line.split()) > 1:
            raise BranchesFileError(file, f"line {number} is {line!r}, not a branch name")
    return Branches(source=f"file {file}", heads=dict.fromkeys(line.removeprefix(HEADS) for line in lines if line))


def _from_git(directory: Path, repository: str) -> Branches:
    """Plain git lists the heads of open and closed pull requests without a difference."""
    if other := other_repository(remote_url(directory), repository):
        raise GitError(f"origin is {other}, perhaps a fork, but the environments belong to {repository}")
    refs = remote_refs(directory)
    return Branches(
        source="git ls-remote origin",
        heads=refs.heads,
        review_unknown=frozenset(branch for branch, head in refs.heads.items() if head in refs.reviews),
    )
