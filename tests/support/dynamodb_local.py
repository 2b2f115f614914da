"""DynamoDB Local for tests: fetched by Maven once per machine, one server per test process.

It refuses what DynamoDB refuses (26 items in a batch, 39-digit numbers) where moto does not.
"""

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import create_connection, socket

VERSION = "3.3.1"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tee-infra" / f"dynamodb-local-{VERSION}"
START_SECONDS = 60

# At the version that DynamoDB Local asks for, these are not in Maven Central; it does not use them.
_ABSENT = ("pinpoint", "cognitoidentity", "cognitoidentityprovider", "dynamodb-enhanced")
_PINNED = "".join(
    "<dependency><groupId>software.amazon.awssdk</groupId>"
    f"<artifactId>{name}</artifactId><version>2.41.0</version></dependency>"
    for name in _ABSENT
)
_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>tee</groupId><artifactId>dynamodb-local</artifactId><version>1</version>
<dependencyManagement><dependencies>{_PINNED}</dependencies></dependencyManagement>
<dependencies><dependency><groupId>software.amazon.dynamodb</groupId><artifactId>DynamoDBLocal</artifactId>
<version>{VERSION}</version></dependency></dependencies></project>
"""


class NoDynamoDbLocalError(Exception):
    """It cannot be had here; the message says why."""


def fetch() -> Path:
    """The folder with its jars, fetched unless it is there. Raises `NoDynamoDbLocalError`."""
    if not shutil.which("java"):
        raise NoDynamoDbLocalError("there is no java")
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (CACHE / "complete").exists():
            _fetch_by_maven()
            (CACHE / "complete").touch()
    return CACHE / "jars"


def _fetch_by_maven() -> None:
    if not shutil.which("mvn"):
        raise NoDynamoDbLocalError("there is no mvn to fetch it with")
    (CACHE / "pom.xml").write_text(_POM)
    command = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=jars"]
    done = subprocess.run(command, cwd=CACHE, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoDynamoDbLocalError(f"mvn could not fetch it: {done.stdout[:500]}")


@contextmanager
def serve_dynamodb_local() -> Iterator[str]:
    """A server with nothing in it; its URL. Raises `NoDynamoDbLocalError`."""
    jars = fetch()
    port = _free_port()
    command = [
        *("java", "-Xmx512m", "-XX:TieredStopAtLevel=1", f"-Djava.library.path={jars}", "-cp", f"{jars}/*"),
        "software.amazon.dynamodb.services.local.main.ServerRunner",
        *("-inMemory", "-disableTelemetry", "-port", str(port)),
    ]
    with (CACHE / f"server-{os.getpid()}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=CACHE)
    try:
        _wait_for(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise NoDynamoDbLocalError(f"it did not start in {START_SECONDS} s; see {CACHE}/server-{os.getpid()}.log")


def _free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
