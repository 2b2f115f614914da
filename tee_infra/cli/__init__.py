"""The command line: `tee-infra`. Each command is a thin layer over one workflow."""

import signal
import sys
from typing import NoReturn

import click

from tee_infra.cli.root import root
from tee_infra.errors import TeeInfraError

INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command line and exit: 0, an error's own code, 2 for wrong usage, 130 for Ctrl-C.

    The one place where errors become exit codes. `--debug` shows the traceback that people are spared otherwise.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a cancelled job ends as cleanly as Ctrl-C
    debug = "--debug" in sys.argv
    try:
        root.main(standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _fail("interrupted; run the same command again to finish or to see where it stands", INTERRUPTED)
    except TeeInfraError as error:
        if debug:
            raise
        _fail(str(error), error.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:
        if debug:
            raise
        _fail(f"{type(error).__name__}: {' '.join(str(error).split())}; --debug shows where", TeeInfraError.exit_code)
    sys.exit(0)


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"error: {message}", err=True)
    sys.exit(code)
