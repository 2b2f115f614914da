"""The program's errors: one class per exit code, subclassed where the fact has fields of its own.

The message gives the cause, the offending value and its bound, and the state of the world; `next` is the next command.
Raise a subclass that carries the fact; `tee_infra.cli` maps the class to its exit code, and nowhere else.
"""

import re
from typing import Any, ClassVar, Final

_NEVER_FIELDS: Final = frozenset({"message", "next", "key", "token", "value", "item", "text"})
"""Attributes that are never fields: the envelope's own two, and those that may hold secrets or personal data."""


class TeeInfraError(Exception):
    """An error meant for a person: printed as one line, without a traceback.

    `code` is its name for scripts, the class's name in kebab-case; a released code never changes. `next` is an
    imperative sentence or a command; None: no advice.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "failed"

    def __init_subclass__(cls) -> None:
        """Name the class for scripts, unless it names itself."""
        super().__init_subclass__()
        if "code" not in cls.__dict__:
            cls.code = re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__.removesuffix("Error")).lower()

    def __init__(self, message: str, *, next: str | None = None) -> None:  # noqa: A002  # the word of the JSON contract
        super().__init__(message)
        self.message = message
        self.next = next

    def __str__(self) -> str:
        return f"{self.message}. {self.next}" if self.next else self.message

    def fields(self) -> dict[str, Any]:
        """The facts beside the message, by attribute name. Never a secret, never an item's data."""
        return {
            name: fact
            for name, fact in vars(self).items()
            if not name.startswith("_") and name not in _NEVER_FIELDS and _plain(fact)
        }


class RemoteError(TeeInfraError):
    """AWS, the Pulumi engine or another service failed or refused a request. Exit code 1."""

    exit_code: ClassVar[int] = 1


class UsageError(TeeInfraError):
    """The command, its arguments or a configuration file is wrong. Exit code 2."""

    exit_code: ClassVar[int] = 2


class RefusedError(TeeInfraError):
    """A protection or a rule forbids it. Exit code 3."""

    exit_code: ClassVar[int] = 3


class BusyError(TeeInfraError):
    """Another run holds the lock. Exit code 4."""

    exit_code: ClassVar[int] = 4


class PartialError(TeeInfraError):
    """A partial failure, or differences were found. Exit code 5."""

    exit_code: ClassVar[int] = 5


def _plain(fact: object) -> bool:
    """Whether it is a JSON value, or a list or mapping of JSON values."""
    if isinstance(fact, (list, tuple)):
        return all(_plain(element) for element in fact)
    if isinstance(fact, dict):
        return all(isinstance(name, str) and _plain(element) for name, element in fact.items())
    return fact is None or isinstance(fact, (str, int, float, bool))
