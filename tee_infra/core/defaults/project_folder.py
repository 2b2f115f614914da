"""Which folder is the project's: the named one, the nearest around a command, or the only one of its git repository."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tee_infra.core.names import PROJECT
from tee_infra.errors import UsageError

VARIABLE: Final = "TEE_INFRA_DIR"
"""Names the project's folder; `tee-infra -C DIR` sets it for one command."""

_NAME_IT: Final = f"tee-infra -C DIR …, or the variable {VARIABLE}"


class NoProjectError(UsageError):
    """No folder of the project at or above `directory`, nor in its git `repository`; None: none was searched."""

    def __init__(self, directory: Path, repository: Path | None) -> None:
        self.directory = str(directory)
        self.repository = None if repository is None else str(repository)
        places = "here or above" if repository is None else f"here, above, or in the git repository {repository}"
        super().__init__(
            f"{directory}: no Pulumi.yaml of the project {PROJECT!r} {places}",
            next=f"Run the command in the checkout, or name the project's folder: {_NAME_IT}",
        )


class NamedFolderError(UsageError):
    """The folder that `-C` or `TEE_INFRA_DIR` names is not the project's. No other folder is taken instead."""

    def __init__(self, directory: Path | str) -> None:
        self.directory = str(directory)
        super().__init__(
            f"-C or {VARIABLE}: {self.directory!r} has no Pulumi.yaml of the project {PROJECT!r}",
            next="Name the folder with that file. No other folder was searched",
        )


class SeveralProjectsError(UsageError):
    """A git repository has several `folders` of the project, and none is around the command."""

    def __init__(self, repository: Path, folders: Sequence[Path]) -> None:
        self.repository = str(repository)
        self.folders = [str(folder) for folder in folders]
        super().__init__(
            f"{repository}: {len(folders)} folders have a Pulumi.yaml of the project {PROJECT!r}: "
            + ", ".join(self.folders),
            next=f"Run the command in one of them, or name it: {_NAME_IT}",
        )


def project_folder(
    start: Path, *, around: Sequence[Path], repository: Path | None, inside: Callable[[], Sequence[Path]]
) -> Path:
    """The project's folder of a command in `start`, which is absolute.

    `around`: those of `start` and the folders above it that are the project's, the nearest first. `repository`: the top
    of the git repository of `start`; `inside` finds the project's folders in it, and is called only where it decides. A
    folder around the repository comes last: an app's own project counts before one that the app lies in.
    Raises `NoProjectError`, `SeveralProjectsError`.
    """
    if around and (repository is None or around[0].is_relative_to(repository)):
        return around[0]
    if repository is not None and (found := sorted(set(inside()))):
        if len(found) > 1:
            raise SeveralProjectsError(repository, found)
        return found[0]
    if around:
        return around[0]
    raise NoProjectError(start, repository)
