"""The live branches, from a file, GitHub's API or git. A partial listing is an error."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tee_infra.core.lifecycle.branches import USUAL_TRUNKS, Branches
from tee_infra.core.names import branch_problem
from tee_infra.core.settings import PLACEHOLDER_OWNER
from tee_infra.errors import RemoteError, UsageError
from tee_infra.scm.branches import github_branches
from tee_infra.scm.git import HEADS, GitError, default_branch, other_repository, remote_refs, remote_url
from tee_infra.scm.github_api import API_URL
from tee_infra.workflows.files import UnusableFileError, read_given
from tee_infra.workflows.session.checkout import Project

_MOST_BYTES: Final = 64 * 1024 * 1024
_MOST_SHOWN: Final = 80
_OPENING: Final = "\"'`<{("
_CLOSING: Final = "\"'`>},;"


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
    """The branches in a file, one per line, without blank lines and surrounding spaces.

    Either all are plain names or all are full refs (`refs/heads/…`). Raises `BranchesFileError`, also for one line
    that cannot be a branch: such a file is something else, and what it leaves out proves nothing.
    """
    try:
        text = read_given(file, _MOST_BYTES).decode("utf-8-sig")
    except UnusableFileError as error:
        raise BranchesFileError(file, error.reason) from None
    except UnicodeDecodeError:
        raise BranchesFileError(file, "not valid UTF-8") from None
    lines = [(number, line.strip(" \t\r")) for number, line in enumerate(text.split("\n"), start=1)]
    named = [(number, line) for number, line in lines if line]
    if not named:
        raise BranchesFileError(file, "contains no branches, but a repository has at least one")
    full = all(line.startswith(HEADS) for _, line in named)
    heads: dict[str, None] = {}
    for number, line in named:
        branch = line.removeprefix(HEADS) if full else line
        if problem := _line_problem(branch):
            raise BranchesFileError(file, f"line {number} is {line[:_MOST_SHOWN]!r}, not a branch name: {problem}")
        heads[branch] = None
    return Branches(source=f"file {file}", heads=heads)


def trunks(directory: Path, environ: Mapping[str, str]) -> frozenset[str]:
    """The names that the default branch may have: the usual ones, and those that the checkout and GitHub tell.

    A scheduled workflow runs on the default branch (GitHub, "Events that trigger workflows", schedule).
    """
    ref = environ.get("GITHUB_REF", "")
    running_on = ref.removeprefix(HEADS) if ref.startswith(HEADS) else None
    return USUAL_TRUNKS | {name for name in (default_branch(directory), running_on) if name}


def _line_problem(branch: str) -> str | None:
    """Stricter than git: marks of JSON, HTML, quoting and lossy conversion, which git would allow in a name."""
    if problem := branch_problem(branch):
        return problem
    if branch[0] in _OPENING or branch[-1] in _CLOSING:
        return "a name without quotes, brackets and separators is needed"
    if any(character.isspace() or character in "\ufeff\ufffd" for character in branch):
        return "it contains an invisible or a damaged character"
    return None


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
