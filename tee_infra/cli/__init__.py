"""The command line: `tee-infra`. Each command is a thin layer over one workflow."""

import gc
import signal
import sys
from typing import Final, NoReturn

import click

from tee_infra.cli.envelope import ReportedError, envelope, failure_of
from tee_infra.cli.printing import show, show_document, show_traceback, show_usage_error
from tee_infra.cli.root import root

OBJECTS_BEFORE_A_COLLECTION: Final = 50_000
"""Python's own number is 700."""


def main() -> NoReturn:
    """Run the command line and exit: 0, an error's own code, 2 for wrong usage, 130 for Ctrl-C.

    The only place where errors become exit codes. `--debug` prints the traceback.
    """
    # To look through the imported modules again and again took a sixth of `preview prod`.
    gc.set_threshold(OBJECTS_BEFORE_A_COLLECTION)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a cancelled job ends as cleanly as Ctrl-C
    try:
        root.main(standalone_mode=False)
    except BrokenPipeError:
        sys.exit(0)
    except ReportedError as reported:
        sys.exit(_complain(reported.error))
    except (Exception, KeyboardInterrupt) as error:
        if "--json" in _own_arguments():  # it failed before its command began
            show_document(envelope(None, failure=failure_of(error)))
        sys.exit(_complain(error))
    sys.exit(0)


def _own_arguments() -> list[str]:
    """Those before `--`: the rest is the command of `tee-infra run`."""
    return sys.argv[: sys.argv.index("--")] if "--" in sys.argv else sys.argv


def _complain(error: BaseException) -> int:
    """Tell people what went wrong; the exit code."""
    failure = failure_of(error)
    if isinstance(error, click.ClickException):
        show_usage_error(error)
    elif "--debug" in _own_arguments() and isinstance(error, Exception) and not isinstance(error, click.Abort):
        sys.excepthook = lambda _kind, raised, _traceback: show_traceback(raised)
        raise error
    else:
        show(f"error: {failure.line()}", err=True)
    return failure.exit_code
