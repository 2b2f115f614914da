"""The application's git checkout, asked through the `git` command: branches on `origin`, heads, its user, its hooks."""

import os
import re
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tee_infra.core.settings import PLACEHOLDER_OWNER
from tee_infra.errors import RemoteError

SECONDS: Final = 60.0
"""A host that has not answered by then will not."""

HEADS: Final = "refs/heads/"
_REVIEWS: Final = "refs/pull/"
_LINE: Final = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64})\t(refs/.+)")

# They would make git look elsewhere than in the directory it is given; git sets them for whatever a hook starts.
_ELSEWHERE: Final = {"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX"}


class GitError(RemoteError):
    """git failed, took too long, or answered what cannot be read; `reason` is one line."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"git: {reason}")


@dataclass(frozen=True, kw_only=True)
class RemoteRefs:
    """What a host has: `heads` is branch -> commit, `reviews` the commits of its pull requests, open or closed."""

    heads: dict[str, str]
    reviews: frozenset[str]


def remote_refs(directory: Path) -> RemoteRefs:
    """Every branch of `origin`, asked of its host. Raises `GitError`, also for an answer that is cut off.

    GitHub shows each pull request as `refs/pull/N/head`, closed ones included; other hosts have none of these.
    """
    listing = _git(directory, "ls-remote", "--quiet", "--refs", "origin")
    if listing and not listing.endswith(b"\n"):
        raise GitError("the list of branches is cut off")
    refs = dict(_ref(line) for line in listing.split(b"\n")[:-1])
    return RemoteRefs(
        heads={ref.removeprefix(HEADS): commit for ref, commit in refs.items() if ref.startswith(HEADS)},
        reviews=frozenset(commit for ref, commit in refs.items() if ref.startswith(_REVIEWS) and ref.endswith("/head")),
    )


def remote_url(directory: Path) -> str:
    """Where `origin` is. Raises `GitError`."""
    return _text(_git(directory, "remote", "get-url", "origin"))


def head_of(directory: Path, branch: str) -> str | None:
    """The commit of a branch: as `origin` had it when it was last asked, else the local one. None: not known here."""
    for place in ("refs/remotes/origin/", HEADS):
        with suppress(GitError):
            return _text(_git(directory, "show-ref", "--verify", "--hash", f"{place}{branch}"))
    return None


def user_email(directory: Path) -> str | None:
    """The address that commits made here carry. None: git knows none."""
    with suppress(GitError):
        return _text(_git(directory, "config", "--get", "user.email")) or None
    return None


def hook_path(directory: Path, hook: str) -> Path:
    """Where git looks for a hook: `core.hooksPath`, else the folder that all worktrees share. Raises `GitError`."""
    return directory / _text(_git(directory, "rev-parse", "--git-path", f"hooks/{hook}"))


def shared_hooks(directory: Path) -> bool:
    """Whether hooks are looked for in a folder that is set for other repositories too. Raises `GitError`."""
    try:
        scope = _text(_git(directory, "config", "--show-scope", "--get", "core.hooksPath")).split("\t")[0]
    except GitError:
        return False  # it is not set
    return scope in {"system", "global"}


def prefix_of(directory: Path) -> str:
    """Where `directory` is in its checkout: `""` for the top, else `infra/`. Raises `GitError`."""
    return _text(_git(directory, "rev-parse", "--show-prefix"))


def other_repository(url: str, repository: str) -> str | None:
    """The `owner/name` that a remote's address names on GitHub instead of `repository`: a fork, as a rule.

    None: it is the same, or the address is elsewhere and does not tell, or `repository` is the placeholder.
    Forms: https://github.com/o/n.git, git@github.com:o/n.git, ssh://git@ssh.github.com:443/o/n.
    """
    found = re.search(r"(?:^|[/@.])github\.com(?::\d+)?[:/]+([^/\s]+/[^/\s]+?)(?:\.git)?/?$", url)
    if found is None or repository.startswith(f"{PLACEHOLDER_OWNER}/") or found[1].lower() == repository.lower():
        return None
    return found[1]


def _ref(line: bytes) -> tuple[str, str]:
    read = _LINE.fullmatch(line)
    if read is None:
        raise GitError(f"ls-remote printed {_text(line)!r}, which is no commit and ref")
    return _text(read[2]), read[1].decode()


def _git(directory: Path, *arguments: str) -> bytes:
    """What git prints. It cannot ask anybody: it has no input and no terminal. Raises `GitError`."""
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
                os.killpg(process.pid, signal.SIGKILL)  # with what git started: ssh holds on to the pipes
            if isinstance(error, subprocess.TimeoutExpired):
                raise GitError(f"{arguments[0]} gave no answer within {SECONDS:.0f} s") from None
            raise
    if process.returncode:
        raise GitError(_complaint(err) or f"{arguments[0]} failed with exit code {process.returncode}")
    return out


def _complaint(err: bytes) -> str:
    """The line that says why, without the credentials that an address may carry."""
    lines = [line.removeprefix("fatal: ") for line in _text(err).splitlines() if line.strip()]
    why = next((line for line in lines if not line.startswith(("warning: ", "hint: "))), "")
    return re.sub(r"://[^/@\s]*@", "://", why)


def _text(said: bytes) -> str:
    r"""Bytes that are no UTF-8 become `\xff`: no ref has a backslash, so no two refs become one."""
    return said.rstrip(b"\r\n").decode(errors="backslashreplace")
