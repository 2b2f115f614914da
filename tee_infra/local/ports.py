"""The two loopback ports of the embedded AWS: the endpoint's and, after it, the provider's."""

import socket
import time
from collections.abc import Collection
from pathlib import Path

from tee_infra.local.errors import NoFreePortError, PortInUseError
from tee_infra.local.pidfile import LOOPBACK
from tee_infra.local.private_files import write_whole

FIRST_PORT = 4580
LAST_PORT = 4980
PORT_TAKEN = 98
"""The process's exit code when another one took a port between the check and the bind."""


def choose(directory: Path, asked: int | None, *, without: Collection[int] = ()) -> int:
    """Return the endpoint's port: `asked`, or the one used here before, or the first free pair.

    The port used before is kept so that a shell's exported variables stay valid. Raises PortInUseError only for
    `asked`: a remembered port that another program took meanwhile is replaced. The ports in `without` are in use.
    """
    if asked is not None:
        taken = next((port for port in (asked, asked + 1) if asked in without or not _free(port)), None)
        if taken is not None:
            raise PortInUseError(asked, taken)
        return asked
    remembered = _remembered(directory)
    if remembered is not None and remembered not in without and _soon_free(remembered):
        return remembered
    for port in range(FIRST_PORT, LAST_PORT, 2):
        if port not in without and _free(port) and _free(port + 1):
            return port
    raise NoFreePortError(FIRST_PORT, LAST_PORT)


def remember(directory: Path, port: int) -> None:
    """Use `port` again at the next start."""
    write_whole(directory / "port", str(port).encode())


def _remembered(directory: Path) -> int | None:
    try:
        return int((directory / "port").read_text())
    except (FileNotFoundError, ValueError):
        return None


def _soon_free(port: int) -> bool:
    """Whether the pair is free within a second: the threads of a killed process keep its ports for a moment."""
    deadline = time.monotonic() + 1
    while not (_free(port) and _free(port + 1)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _free(port: int) -> bool:
    with socket.socket() as probe:
        # Connections of the last run still in TIME_WAIT do not make a port taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except (OSError, OverflowError):
            return False
    return True
