"""However a run of the tests ends, it leaves no embedded AWS behind; and its tests of Ctrl-C can be sent one.

A process that ends on a signal runs no teardown. So SIGTERM is taken as Ctrl-C here, of which pytest makes a clean end,
and when the run is over, what workers left that were killed is looked for in the run's own temporary folders.
"""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tee_infra import local

NOTE = "running.json"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and not _only_controls(session.config):
        # A shell starts what it puts in the background so, and every process that a test starts would inherit it.
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    factory: Any = getattr(session.config, "_tmp_path_factory", None)
    if not hasattr(session.config, "workerinput") and factory is not None and factory._basetemp is not None:
        end_embedded_aws_below(factory.getbasetemp())


def end_embedded_aws_below(folder: Path) -> None:
    """Kill each that a note in a folder below is of, but this process where it has played one."""
    for directory, _, files in os.walk(folder):
        if NOTE in files and (running := local.status(Path(directory))) and running.pid != os.getpid():
            os.kill(running.pid, signal.SIGKILL)


def _only_controls(config: pytest.Config) -> bool:
    """Whether workers run the tests."""
    return not hasattr(config, "workerinput") and bool(getattr(config.option, "dist", "no") != "no")
