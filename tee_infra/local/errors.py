"""The errors of the embedded AWS, one type per fact."""

from pathlib import Path

from tee_infra.errors import BusyError, RemoteError, UsageError


class PortInUseError(UsageError):
    """The port that was asked for, or the provider's next to it, is taken by another program."""

    def __init__(self, port: int, taken: int) -> None:
        super().__init__(
            f"port {taken} on 127.0.0.1 is in use by another program"
            f"{'' if taken == port else f' (the provider needs the port after {port})'}",
            next=f"Choose another one: tee-infra local start --port {port + 2}",
        )
        self.port = port
        self.taken = taken


class NoFreePortError(RemoteError):
    """Every pair of ports that may be chosen is taken."""

    def __init__(self, first: int, last: int) -> None:
        super().__init__(
            f"no two neighbouring ports are free from {first} to {last}",
            next=f"Choose a port: tee-infra local start --port {last + 1}",
        )
        self.first = first
        self.last = last


class StartFailedError(RemoteError):
    """The process ended, or did not answer, before it was healthy."""

    def __init__(self, log: Path, last_line: str) -> None:
        super().__init__(
            f"the embedded AWS did not start: {last_line or 'no error message'}", next=f"See the log: {log}"
        )
        self.log = log
        self.last_line = last_line


class DirectoryBusyError(BusyError):
    """Another start or stop in the same directory is running and did not end in time."""

    def __init__(self, directory: Path, seconds: float) -> None:
        super().__init__(
            f"another start or stop of the embedded AWS in {directory} has not ended within {seconds:.0f} seconds",
            next="Check its state: tee-infra local status",
        )
        self.directory = directory
        self.seconds = seconds
