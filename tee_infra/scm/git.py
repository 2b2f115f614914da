"""The application's git checkout, asked through the `git` command: branches on `origin`, heads, its user, its hooks."""

import os
import re
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tee_infra.core.names import ref_problem
from tee_infra.core.settings import PLACEHOLDER_OWNER
from tee_infra.errors import RemoteError

SECONDS: Final = 60.0
"""The time limit for an answer of the host."""

HEADS: Final = "refs/heads/"
_REVIEWS: Final = "refs/pull/"
_LINE: Final = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64})\t(refs/.+)")

# These would make git use another directory than the given one; git sets them for the processes of a hook.
_ELSEWHERE: Final = {"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX"}


class GitError(RemoteError):
    """git failed, took too long, or printed unreadable output; `reason` is one line."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"git: {reason}")


@dataclass(frozen=True, kw_only=True)
class RemoteRefs:
    """A host's references: `heads` is branch -> commit, `reviews` the commits of its pull requests, open or closed."""

    heads: dict[str, str]
    reviews: frozenset[str]


def remote_refs(directory: Path) -> RemoteRefs:
    """Every branch of `origin`, from its host. Raises `GitError`, also for a truncated answer.

    GitHub shows each pull request as `refs/pull/N/head`, closed ones included; other hosts have none of these.
    """
    listing = _git(directory, "ls-remote", "--quiet", "--refs", "origin")
    if listing and not listing.endswith(b"\n"):
        raise GitError("the list of branches is truncated")
    refs = dict(_ref(line) for line in listing.split(b"\n")[:-1])
    return RemoteRefs(
        heads={ref.removeprefix(HEADS): commit for ref, commit in refs.items() if ref.startswith(HEADS)},
        reviews=frozenset(commit for ref, commit in refs.items() if ref.startswith(_REVIEWS) and ref.endswith("/head")),
    )


def known_files(directory: Path) -> list[str]:
    """The files below a directory that git has or `git add` would take, relative to it. Raises `GitError`."""
    listing = _git(directory, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return [os.fsdecode(name) for name in listing.split(b"\0") if name]


def files_named(directory: Path, name: str) -> list[Path]:
    """The files of that name among them, in every folder; one that git knows may be deleted. Raises `GitError`."""
    pattern = f":(glob)**/{name}"
    listing = _git(directory, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", pattern)
    return [directory / os.fsdecode(path) for path in listing.split(b"\0") if path]


def top_of(directory: Path) -> Path | None:
    """The top of the git checkout that `directory` is in. None: it is in none."""
    with suppress(GitError):
        return Path(os.fsdecode(_git(directory, "rev-parse", "--show-toplevel").rstrip(b"\n")))
    return None


def remote_url(directory: Path) -> str:
    """The address of `origin`. Raises `GitError`."""
    return _text(_git(directory, "remote", "get-url", "origin"))


def head_of(directory: Path, branch: str) -> str | None:
    """The commit of a branch: `origin`'s as last fetched, otherwise the local one. None: not known here."""
    for place in ("refs/remotes/origin/", HEADS):
        with suppress(GitError):
            return _text(_git(directory, "show-ref", "--verify", "--hash", f"{place}{branch}"))
    return None


def current_branch(directory: Path) -> str | None:
    """The branch that is checked out. None: a detached HEAD, or no git checkout."""
    with suppress(GitError):
        return _text(_git(directory, "symbolic-ref", "--quiet", "HEAD")).removeprefix(HEADS)
    return None


def default_branch(directory: Path) -> str | None:
    """The default branch of `origin`, as of the clone. None: not known here."""
    with suppress(GitError):
        return _text(_git(directory, "symbolic-ref", "refs/remotes/origin/HEAD")).removeprefix("refs/remotes/origin/")
    return None


def user_email(directory: Path) -> str | None:
    """The e-mail address of commits made here. None: not configured in git."""
    with suppress(GitError):
        return _text(_git(directory, "config", "--get", "user.email")) or None
    return None


def hook_path(directory: Path, hook: str) -> Path:
    """The path of a hook: in `core.hooksPath`, otherwise in the folder that all worktrees share. Raises `GitError`."""
    return directory / _text(_git(directory, "rev-parse", "--git-path", f"hooks/{hook}"))


def shared_hooks(directory: Path) -> bool:
    """Whether the hooks folder is configured for other repositories too. Raises `GitError`."""
    try:
        scope = _text(_git(directory, "config", "--show-scope", "--get", "core.hooksPath")).split("\t")[0]
    except GitError:
        return False  # it is not set
    return scope in {"system", "global"}


def prefix_of(directory: Path) -> str:
    """The path of `directory` in its checkout: `""` for the top, or e.g. `infra/`. Raises `GitError`."""
    return _text(_git(directory, "rev-parse", "--show-prefix"))


def other_repository(url: str, repository: str) -> str | None:
    """The `owner/name` in a remote's GitHub address if it is not `repository`: usually a fork.

    None: it is the same, or the address is not on GitHub, or `repository` is the placeholder.
    Forms: https://github.com/o/n.git, git@github.com:o/n.git, ssh://git@ssh.github.com:443/o/n.
    """
    found = re.search(r"(?:^|[/@.])github\.com(?::\d+)?[:/]+([^/\s]+/[^/\s]+?)(?:\.git)?/?$", url)
    if found is None or repository.startswith(f"{PLACEHOLDER_OWNER}/") or found[1].lower() == repository.lower():
        return None
    return found[1]


def _ref(line: bytes) -> tuple[str, str]:
    read = _LINE.fullmatch(line)
    if read is None:
        raise GitError(f"ls-remote printed {_text(line)!r}, which is not a commit and a ref")
    # As Latin-1, a byte stays one character: a name need not be UTF-8.
    branch = read[2].decode("latin-1").removeprefix(HEADS)
    if read[2].startswith(HEADS.encode()) and (problem := ref_problem(branch)):
        raise GitError(f"ls-remote printed the branch {_text(read[2])!r}: {problem}")
    return _text(read[2]), read[1].decode()


def _git(directory: Path, *arguments: str) -> bytes:
    """The output of git. It cannot prompt: it has no input and no terminal. Raises `GitError`."""
    environ = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    try:
        process = subprocess.Popen(  # noqa: S603
            ["git", *arguments],  # noqa: S607
            cwd=directory,
            env=environ | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise GitError(f"cannot be started: {error}") from None
    with process:
        try:
            out, err = process.communicate(timeout=SECONDS)
        except BaseException as error:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # with its children: ssh keeps the pipes open
            if isinstance(error, subprocess.TimeoutExpired):
                raise GitError(f"{arguments[0]} did not answer within {SECONDS:.0f} s") from None
            raise
    if process.returncode:
        raise GitError(_complaint(err) or f"{arguments[0]} failed with exit code {process.returncode}")
    return out


def _complaint(err: bytes) -> str:
    """The line with the reason, without credentials in addresses."""
    lines = [line.removeprefix("fatal: ") for line in _text(err).splitlines() if line.strip()]
    why = next((line for line in lines if not line.startswith(("warning: ", "hint: "))), "")
    return re.sub(r"://[^/@\s]*@", "://", why)


def _text(said: bytes) -> str:
    r"""Bytes that are not UTF-8 become `\xff`: no ref has a backslash, so no two refs become equal."""
    return said.rstrip(b"\r\n").decode(errors="backslashreplace")
