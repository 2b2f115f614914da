"""What the engine is, and the error when there is none."""

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
        source: found on PATH, put into the cache by the official installer, or built there from the Go module.
    """

    command: Path
    version: str
    language_host: Path | None
    source: Source


class EngineUnavailableError(RemoteError):
    """No Pulumi CLI on PATH, none from the official installer, and none could be built.

    Attributes:
        reasons: why each way failed, one line each.
    """

    def __init__(self, *, reasons: tuple[str, ...]) -> None:
        super().__init__(
            f"no Pulumi CLI: {'; '.join(reasons)}",
            next="Put `pulumi` on PATH, or let the official installer reach the network, or install Go so that it can "
            "be built (minutes, once); then see `tee-infra doctor`",
        )
        self.reasons = reasons
