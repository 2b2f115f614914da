"""One embedded AWS for all tests of a worker, set back for each to what some command once made of it.

A start, the account's preparation, four empty stacks and dev take a quarter of a minute; setting them back takes a
tenth of a second.
"""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch
from urllib.request import Request, urlopen

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tee_infra import local
from tee_infra.local import EmbeddedAws, lifecycle
from tee_infra.workflows.session.bootstrap import bootstrap_once
from tee_infra.workflows.session.embedded_aws import connection_to
from tests.support.checkout import ROOT, Checkout, clean_environment, copy_stack_files, end_embedded_aws
from tests.support.features import home_of, make

ACCOUNT, STARTED, DEV_UP, PROD_UP, FEATURE_UP = "account", "started", "dev-up", "prod-up", "feature-up"
RESTORABLE = "/restorable/"
STATES = Path(".tee") / "state", Path(".tee") / "feature-state"


def _by(command: str) -> Callable[[Checkout], None]:
    def run(checkout: Checkout) -> None:
        done = checkout.tee(*command.split())
        assert done.code == 0, done.err

    return run


_MADE_BY: dict[str, tuple[str, Callable[[Checkout], object]]] = {
    STARTED: (ACCOUNT, _by("local start")),
    DEV_UP: (STARTED, _by("up dev --yes")),
    PROD_UP: (DEV_UP, _by("up prod --yes")),
    FEATURE_UP: (STARTED, lambda checkout: make(home_of(checkout), "feature-x")),
}
"""The state before, and what makes a state of it."""


class Prepared:
    """The embedded AWS in `directory / "aws"`, and in `shared / NAME` what it and the stacks' state once were.

    `ACCOUNT` is a prepared account, `STARTED` what `tee-infra local start` makes, `DEV_UP` that after `up dev`,
    `PROD_UP` that after `up prod` as well, `FEATURE_UP` that with feature-x, whose lease of three days began at `T0`.
    Each is made when a test of any worker first asks for it; the workers have the key in common that seals it.
    """

    def __init__(self, directory: Path, shared: Path) -> None:
        self.directory = directory
        self.shared = shared
        self._pid = 0

    def running(self) -> EmbeddedAws:
        """It as the test before left it."""
        running = local.status(self.directory / "aws")
        if running is None or running.pid != self._pid:  # a test has killed or stopped it
            end_embedded_aws(self.directory / "aws")
            with patch.object(lifecycle, "_spawn", _spawn):
                running = local.start(self.directory / "aws")
            self._pid = running.pid
        return running

    def empty(self) -> EmbeddedAws:
        """It as after its first start."""
        self._ask("reset", "")
        return self.running()

    def checkout(self, directory: Path, name: str) -> Checkout:
        """A checkout in `directory` that uses the embedded AWS, both as they were when `name` was saved."""
        copy_stack_files(directory)
        return self.lend(directory, name)

    def lend(self, directory: Path, name: str) -> Checkout:
        """The same for a `directory` that has its stack files."""
        with (self.shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (self.shared / name).exists():
                self._make(name)
        for state in STATES:
            shutil.copytree(self.shared / name / state.name, directory / state)
        self._ask("restore", str(self.shared / name / "snapshot"))
        (directory / ".tee" / "aws").symlink_to(self.directory / "aws")
        return Checkout(directory, in_process=True)

    def _make(self, name: str) -> None:
        directory = self.directory / f"{name}-checkout"
        directory.mkdir(parents=True)
        if name == ACCOUNT:
            for state in STATES:
                (directory / state).mkdir(parents=True)
            self.empty()
            (directory / ".tee" / "aws").symlink_to(self.directory / "aws")
            running = self.running()
            bootstrap_once(connection_to(running, running.region), local.ACCOUNT_ID, running.region, lambda _: None)
        else:
            before, finish = _MADE_BY[name]
            finish(self.checkout(directory, before))
        saved = self.shared / f"{name}.new"
        saved.mkdir()
        for state in STATES:
            shutil.copytree(directory / state, saved / state.name)
        self._ask("save", str(saved / "snapshot"))
        saved.rename(self.shared / name)

    def _ask(self, action: str, path: str) -> None:
        running = self.running()
        request = AWSRequest("POST", f"{running.endpoint}{RESTORABLE}{action}", data=path.encode())
        SigV4Auth(Credentials(running.access_key, running.secret_key), "s3", running.region).add_auth(request)
        with urlopen(Request(request.url, path.encode(), dict(request.headers), method="POST")):
            pass


def _spawn(directory: Path, port: int) -> subprocess.Popen[bytes]:
    with (directory / "log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.support.restorable_aws", str(directory), str(port), RESTORABLE],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env=clean_environment(),
            start_new_session=True,
        )


@contextmanager
def prepared_in(directory: Path, shared: Path) -> Iterator[Prepared]:
    """It is started when a test first asks for it, and runs until the end."""
    try:
        yield Prepared(directory, shared)
    finally:
        end_embedded_aws(directory / "aws")
