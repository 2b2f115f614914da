"""The one JSON document that a command prints under `--json`: where it went, its result, and what went wrong."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import click

from tee_infra.core.printable import printable_json
from tee_infra.errors import TeeInfraError, UsageError

if TYPE_CHECKING:
    from tee_infra.core.target import TargetFacts  # loads what --help does not need

INTERRUPTED: Final = "interrupted"
UNEXPECTED: Final = "unexpected"
INTERRUPTED_EXIT_CODE: Final = 130


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One failure. `code` is stable, `next` is the next step or None, `fields` are the error's own facts."""

    code: str
    message: str
    exit_code: int
    next: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def line(self) -> str:
        """For people."""
        return f"{self.message}. {self.next}" if self.next else self.message

    def facts(self) -> dict[str, Any]:
        """For scripts."""
        return {"code": self.code, "message": self.message, "next": self.next, **self.fields}


class ReportedError(Exception):
    """A failure that standard output has already; `error` is what was raised."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        super().__init__(str(error))


def envelope(target: "TargetFacts | None", result: Any = None, failure: Failure | None = None) -> str:
    """The document, with a line feed at its end.

    `result` is JSON as it stands; a command that fails before it has one leaves it out.
    """
    document: dict[str, Any] = {"target": target._asdict() if target else None}
    if result is not None or failure is None:
        document["result"] = result
    if failure is not None:
        document["error"] = failure.facts()
    return printable_json(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def failure_of(error: BaseException) -> Failure:
    """The failure that an exception stands for: one of ours, click's complaint, Ctrl-C, or a mistake in the program."""
    match error:
        case TeeInfraError():
            return Failure(
                code=error.code,
                message=error.message,
                exit_code=error.exit_code,
                next=error.next,
                fields=error.fields(),
            )
        case click.ClickException():
            return Failure(code=UsageError.code, message=error.format_message(), exit_code=error.exit_code)
        case click.Abort() | KeyboardInterrupt():
            return Failure(
                code=INTERRUPTED,
                message="interrupted",
                exit_code=INTERRUPTED_EXIT_CODE,
                next="Run the same command again to resume",
            )
        case _:
            return Failure(
                code=UNEXPECTED,
                message=f"{type(error).__name__}: {' '.join(str(error).split())}",
                exit_code=TeeInfraError.exit_code,
                next="Add --debug to print the traceback",
            )
