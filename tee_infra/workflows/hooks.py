"""A git hook that announces the effect of a push on feature environments. It never stops a push."""

import shlex
from pathlib import Path
from typing import Final, Literal

from tee_infra.core.environments import FEATURE_HOST, parse_environment
from tee_infra.core.names import BranchNameError, feature_environment
from tee_infra.errors import RefusedError, UsageError
from tee_infra.scm.git import HEADS, hook_path, other_repository, prefix_of, shared_hooks, top_of
from tee_infra.workflows.session.checkout import Project

HOOK: Final = "pre-push"
MARK: Final = "# tee-infra hooks install wrote this."
LIMIT_SECONDS: Final = 5

# `exec 3<&0`: a background process of a script has no standard input otherwise. The second process kills a hanging
# first one, and keeps none of git's files open meanwhile: git would wait for it.
SCRIPT: Final = """\
#!/bin/sh
{mark} It announces the effect of a push on feature environments, and never stops a push.
PATH="$PATH":{bin}
cd {folder} && [ -f Pulumi.yaml ] && command -v tee-infra >/dev/null || exit 0
exec 3<&0
tee-infra -C . hooks announce "$@" <&3 >&2 &
announcer=$!
(sleep {seconds}; kill -9 "$announcer") <&- 3<&- >/dev/null 2>&1 &
wait "$announcer" 2>/dev/null
kill "$!" 2>/dev/null
exit 0
"""

LINE: Final = (
    'if pushed=$(mktemp); then cat >"$pushed"; tee-infra hooks announce "$@" <"$pushed" >&2 || :; '
    'exec <"$pushed"; rm -f "$pushed"; fi'
)
"""The line for a hook of another tool. It passes the standard input on to the following commands, e.g. git-lfs."""

Action = Literal["create", "update", "remove", "none"]


class ForeignHookError(RefusedError):
    """A hook of another tool, or a hooks folder that other repositories share."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            f"{path}: {reason}. Nothing was changed",
            next=f"To use both, add this line before the first one that reads the input: {LINE}",
        )


class HookFileError(UsageError):
    """The hook's file cannot be read or written."""

    def __init__(self, path: Path, error: OSError) -> None:
        self.path = path
        super().__init__(f"{path}: {error.strerror or error}. git's core.hooksPath leads there")


def repository_of(project: Project, start: Path) -> Path:
    """A folder in the git checkout that gets the hook: the one of `start`, where pushes are made, or the project's."""
    return project.directory if top_of(start) is None else start


def where(repository: Path) -> Path:
    """The path of the hook, which need not exist. Raises `GitError`."""
    return hook_path(repository, HOOK)


def install(project: Project, repository: Path, programs: Path, *, dry_run: bool) -> Action:
    """Write the hook; `programs` is the folder with `tee-infra`, in case it is not on PATH.

    Raises `ForeignHookError` before a hook of another tool is changed, `HookFileError` and `GitError`.
    """
    path, text = where(repository), _script(project, repository, programs)
    if shared_hooks(repository):
        raise ForeignHookError(path, "shared by all repositories through core.hooksPath")
    found = _own(path)
    if found == text:
        return "none"
    if not dry_run:
        _write(path, text)
    return "create" if found is None else "update"


def uninstall(repository: Path, *, dry_run: bool) -> Action:
    """Remove the hook. Raises as `install` does."""
    path = where(repository)
    if _own(path) is None:
        return "none"
    if not dry_run:
        path.unlink()
    return "remove"


def announcements(project: Project, pushed: bytes, url: str | None = None) -> list[str]:
    """One line for each feature branch in the standard input of a pre-push hook; `url` is the remote's.

    `pushed` is `<local ref> <local object> <remote ref> <remote object>` a line, an absent object all zeros. The local
    ref is as it was typed, `HEAD@{1 day ago}` for example, so the line is read from its end. Raises `SettingsError`.
    """
    repository = project.settings(parse_environment(FEATURE_HOST)).repository
    if url and other_repository(url, repository):
        return []  # no pipeline of this repository gets the push
    fields = [line.decode(errors="backslashreplace").rsplit(" ", 3) for line in pushed.splitlines()]
    return [
        _announcement(ref.removeprefix(HEADS), repository, local=local, remote=remote)
        for _, local, ref, remote in (line for line in fields if len(line) == 4)  # noqa: PLR2004
        if ref.startswith(f"{HEADS}feature/")
    ]


def _announcement(branch: str, repository: str, *, local: str, remote: str) -> str:
    try:
        environment = feature_environment(branch, repository)
    except BranchNameError as error:
        return str(error)
    if not local.strip("0"):
        return f"{branch}: {environment} will be destroyed"
    if not remote.strip("0"):
        return f"{branch}: first push, the pipeline will create {environment}"
    return f"{branch}: {environment} will be updated"


def _script(project: Project, repository: Path, programs: Path) -> str:
    """Relative to the top where the project is below it: worktrees share the hook."""
    inside = top_of(project.directory) == top_of(repository)
    folder = f"./{prefix_of(project.directory)}" if inside else str(project.directory)
    return SCRIPT.format(mark=MARK, bin=shlex.quote(str(programs)), folder=shlex.quote(folder), seconds=LIMIT_SECONDS)


def _own(path: Path) -> str | None:
    """The text of our hook; None without a hook. Raises `ForeignHookError`, also for a link."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        text = None
    except OSError as error:
        raise HookFileError(path, error) from None
    if path.is_symlink() or (text is not None and MARK not in text):
        raise ForeignHookError(path, "a hook of another tool, never overwritten")
    return text


def _write(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.chmod(0o755)
        part.replace(path)
    except OSError as error:
        raise HookFileError(path, error) from None
