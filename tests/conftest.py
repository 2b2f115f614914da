"""What every test shares: where the real engine is needed, it is never missing silently."""

import atexit
import gc
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

import botocore.loaders
import botocore.session
import pytest
from hypothesis import settings

from tee_infra.engine import find_engine

ROOT = Path(__file__).parent.parent
pytest_plugins = ["tests.support.fixtures", "tests.support.endings"]

# Whatever the shell says: pytest compiles the tests itself, which takes each worker ten seconds if none was kept.
sys.dont_write_bytecode = False

NO_ENGINE = "NOT TESTED: there is no Pulumi CLI here; get one with `tee-infra engine`"

# The embedded AWS keeps its user's key there, and no test uses the one of the person who runs it.
if "PYTEST_XDIST_WORKER" not in os.environ:  # the workers have it from the process that starts them
    os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(prefix="tee-infra-tests-")
    atexit.register(shutil.rmtree, os.environ["XDG_CONFIG_HOME"], ignore_errors=True)

for name in ("TEE_INFRA_DIR", "TEE_ENV"):  # of the shell that runs the tests
    os.environ.pop(name, None)

_loader = cache(botocore.session.create_loader)


def _one_loader(search_path: str | None = None) -> botocore.loaders.Loader:
    """One for all sessions of a worker: reading botocore's models takes longer than most tests."""
    loader = _loader(search_path)
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)  # each session of boto3 adds its own again
    return loader


botocore.session.create_loader = _one_loader

settings.register_profile("project", deadline=None, max_examples=200, derandomize=bool(os.environ.get("CI")))
settings.load_profile("project")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a worker often waits for an engine or for a time-out."""
    return (os.cpu_count() or 1) + 1


def pytest_sessionstart(session: pytest.Session) -> None:
    """Each worker first imports other modules than the others, which then find them compiled."""
    worker = getattr(session.config, "workerinput", None)
    if worker is None:
        return
    folders = [path for path in map(Path, session.config.args) if path.is_dir()]
    modules = sorted({path.resolve() for folder in folders for path in folder.rglob("test_*.py")})
    for path in modules[int(worker["workerid"].removeprefix("gw")) :: worker["workercount"]]:
        with suppress(Exception):  # the collection tells of it
            import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def pytest_collection_finish() -> None:
    """The modules of a whole suite live to its end: looking through them took an eighth of its time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("engine") is None or find_engine(os.environ) is not None:
        return
    if os.environ.get("CI"):
        pytest.fail(NO_ENGINE)
    pytest.skip(NO_ENGINE)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    untested = [report for report in terminalreporter.stats.get("skipped", []) if "NOT TESTED" in str(report.longrepr)]
    if untested:
        terminalreporter.section("NOT TESTED ON THIS MACHINE", red=True, bold=True)
        for reason in sorted({str(report.longrepr[2]) for report in untested}):
            count = sum(str(report.longrepr[2]) == reason for report in untested)
            terminalreporter.line(f"{count} tests: {reason.removeprefix('Skipped: ')}", red=True)


def _not_executed(*_: object) -> None:
    """`tee-infra run` in this process would end the tests: they run it as a process."""
    sys.exit(0)


os.execvpe = _not_executed


@pytest.fixture
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(autouse=True)
def nothing_outlives_its_test() -> Iterator[None]:
    """The variables that a command sets are set back; a lock that is still renewed fails the test that left it."""
    with patch.dict(os.environ):
        yield
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("lock ")]
