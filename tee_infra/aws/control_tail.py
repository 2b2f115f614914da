"""The readiness of the tail that follows the open slot, and from where it follows after a switch: control table."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from tee_infra.aws.control_store import ControlItems, Item
from tee_infra.core import names
from tee_infra.core.times import parse_stored_time
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import BusyError

_TRIES: Final = 5


@dataclass(frozen=True, kw_only=True)
class Armed:
    """From where the open slot is followed after a switch. `epoch`: of the drain before its flip.

    `position` is text of `RecordPosition`; None: this epoch was disarmed. `begun`: a tail has taken it over.
    """

    epoch: int
    source: str
    target: str
    position: str | None = None
    begun: bool = False


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """What a running tail reports. `slots` are both, in any order; `problem` is empty if it could take over."""

    holder: str
    slots: frozenset[str]
    problem: str
    said_at: datetime


class ArmChangedError(BusyError):
    """Another run changes from where the open slot is followed."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        super().__init__(
            f"another run changes the replication of {environment} at the same time; this run did not change it",
            next="Run the same command again",
        )


class TailItems:
    """Both items of one environment. Raises as `ControlItems` does."""

    def __init__(self, items: ControlItems, environment: str) -> None:
        self._items = items
        self._pk = names.tail(environment)
        self._environment = environment

    def armed(self) -> Armed | Unreadable | None:
        """From where the open slot is followed; None before the first switch."""
        item, _ = self._items.get(self._pk, "armed")
        return None if item is None else _armed(item)

    def arm(self, armed: Armed) -> None:
        """Replace an earlier epoch's, also an unreadable one's.

        Raises `ArmChangedError`, also for a later epoch's: a switch that was given up may still ask for this.
        """
        self._change(lambda now: armed if now is None or now.epoch <= armed.epoch else _refuse(self._environment))

    def disarm(self, epoch: int) -> None:
        """Forget the position of this epoch; another epoch's stays."""
        self._change(lambda now: replace(now, position=None) if now is not None and now.epoch == epoch else None)

    def begin(self, armed: Armed) -> None:
        """Note that a tail's own journal has the position now. Raises `ArmChangedError` if it is another one."""
        self._change(lambda now: replace(now, begun=True) if now == armed else _refuse(self._environment))

    def readiness(self) -> tuple[Readiness | Unreadable | None, datetime]:
        """What a tail reported last, and AWS's time; None: none ever ran."""
        item, now = self._items.get(self._pk, "ready")
        return (None if item is None else _readiness(item)), now

    def say(self, holder: str, slots: frozenset[str], problem: str) -> None:
        """Say that a tail runs, and what keeps it from following. Of two at once one is heard."""
        item, now = self._items.get(self._pk, "ready")
        version = item.get("version") if item else None
        said = {"holder": holder, "slots": sorted(slots), "problem": problem, "said_at": now.isoformat()}
        number = version if type(version) is int else 0
        self._items.put(
            {"pk": self._pk, "sk": "ready", "version": number + 1, **said}, {"version": number} if item else None
        )

    def _change(self, change: Any) -> None:
        """Write `change` of the present item unless it is None."""
        for _ in range(_TRIES):
            item, _now = self._items.get(self._pk, "armed")
            found = None if item is None else _armed(item)
            after = change(None if isinstance(found, Unreadable) else found)
            if after is None:
                return
            version = item["version"] if item else 0
            fields = {name: value for name, value in vars(after).items() if value is not None}
            fields |= {"version": version + 1, "run": secrets.token_hex(8)}
            if self._items.put({"pk": self._pk, "sk": "armed", **fields}, {"version": version} if item else None):
                return
        raise ArmChangedError(self._environment)


def _refuse(environment: str) -> Armed:
    raise ArmChangedError(environment)


def _armed(item: Item) -> Armed | Unreadable:
    fields = {name: value for name, value in item.items() if name not in ("pk", "sk", "version", "run")}
    kinds = {name: type(value) for name, value in fields.items()}
    if kinds | {"position": str} != {"epoch": int, "source": str, "target": str, "position": str, "begun": bool}:
        return Unreadable(reason=f"the position of the tail cannot be read: its members are {', '.join(sorted(kinds))}")
    return Armed(**fields)


def _readiness(item: Item) -> Readiness | Unreadable:
    try:
        return Readiness(
            holder=str(item["holder"]),
            slots=frozenset(map(str, item["slots"])),
            problem=str(item["problem"]),
            said_at=parse_stored_time(item["said_at"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        return Unreadable(reason=f"the readiness of the tail cannot be read: {error}")
