"""Every error's code and exit code: `python -m tee_infra.cli.error_codes > docs/errors.md`; a test compares."""

import inspect
import pkgutil
from importlib import import_module
from typing import Final

import tee_infra
from tee_infra.cli.envelope import INTERRUPTED, INTERRUPTED_EXIT_CODE, UNEXPECTED
from tee_infra.cli.printing import show_document
from tee_infra.errors import TeeInfraError

HEADING: Final = """\
# Errors

Made by `python -m tee_infra.cli.error_codes > docs/errors.md`; a test compares.

Under `--json` a failure is `{"target": …, "error": {"code": …, "message": …, "next": …, …}}` on standard output.
Codes are stable: scripts may rely on them.
`next` is the next step, or null, and the error's own facts stand beside it.

| code | exit code | meaning |
|---|---|---|
"""


def error_codes() -> str:
    """Markdown with one row for each code."""
    rows = {
        UNEXPECTED: (TeeInfraError.exit_code, "A mistake in the program."),
        INTERRUPTED: (INTERRUPTED_EXIT_CODE, "Ctrl-C, or a cancelled job."),
    }
    for error in error_classes():
        rows.setdefault(error.code, (error.exit_code, _meaning(error)))
    return HEADING + "".join(
        f"| `{code}` | {exit_code} | {text} |\n" for code, (exit_code, text) in sorted(rows.items())
    )


def error_classes() -> list[type[TeeInfraError]]:
    """Every error of the program, in a stable order."""
    for module in pkgutil.walk_packages(tee_infra.__path__, f"{tee_infra.__name__}."):
        if not module.name.endswith(("__main__", "local.server")):  # programs, which change their process
            import_module(module.name)
    found: list[type[TeeInfraError]] = [TeeInfraError]
    for error in found:
        found += error.__subclasses__()
    return sorted(found, key=lambda error: (error.__module__, error.__name__))


def _meaning(error: type[TeeInfraError]) -> str:
    return (inspect.getdoc(error) or "").splitlines()[0]


if __name__ == "__main__":
    show_document(error_codes())
