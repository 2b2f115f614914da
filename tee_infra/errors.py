"""The program's errors: one class per exit code, subclassed where the fact has fields of its own.

The message says what was wrong, the offending value and its bound, and the next command to type.
Raise a subclass that carries the fact; `tee_infra.cli` maps the class to its exit code, and nowhere else.
"""

from typing import ClassVar


class TeeInfraError(Exception):
    """An error meant for a person: printed as one line, without a traceback."""

    exit_code: ClassVar[int] = 1


class RemoteError(TeeInfraError):
    """AWS, the Pulumi engine or another service did not do what was asked. Exit code 1."""

    exit_code: ClassVar[int] = 1


class UsageError(TeeInfraError):
    """The command, its arguments or a configuration file is wrong. Exit code 2."""

    exit_code: ClassVar[int] = 2


class RefusedError(TeeInfraError):
    """A protection or a rule forbids it. Exit code 3."""

    exit_code: ClassVar[int] = 3


class BusyError(TeeInfraError):
    """Somebody else holds what is needed. Exit code 4."""

    exit_code: ClassVar[int] = 4


class PartialError(TeeInfraError):
    """Some of it was done and some was not, or two sides differ. Exit code 5."""

    exit_code: ClassVar[int] = 5
