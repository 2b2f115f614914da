"""The engine, and the error without one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tee_infra.errors import RemoteError

Source = Literal["path", "installed", "built"]


@dataclass(frozen=True)
class Engine:
    """A Pulumi CLI that can be used.

    Attributes:
        command: the absolute path of `pulumi`; its folder is called `bin` unless `source` is `path`.
        version: without a leading `v`, for example `3.259.0`.
        language_host: `pulumi-language-python`, which plain `pulumi up` needs and `tee-infra` does not.
        source: found on PATH, installed into the cache by the official installer, or built there from the Go module.
    """

    command: Path
    version: str
    language_host: Path | None
    source: Source


class EngineUnavailableError(RemoteError):
    """No Pulumi CLI on PATH, none from the official installer, and none could be built.

    Attributes:
        reasons: the error of each way, one line each.
    """

    def __init__(self, *, reasons: tuple[str, ...]) -> None:
        super().__init__(
            f"no Pulumi CLI: {'; '.join(reasons)}",
            next="Put `pulumi` on PATH, or allow the official installer network access, or install Go to build it "
            "(minutes, once); then run `tee-infra doctor`",
        )
        self.reasons = reasons
