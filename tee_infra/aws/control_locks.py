"""Locks in the control table: acquired under a condition, renewed by their holder, expired only by time."""

import secrets
from dataclasses import replace
from typing import Final

from tee_infra.aws.control_store import ControlItems, Item
from tee_infra.core import names
from tee_infra.core.lifecycle.lock import Lock, LockedError, LockLostError, UnreadableLockError
from tee_infra.core.times import parse_stored_time
from tee_infra.core.unreadable import Unreadable

LOCKS: Final = names.LOCKS


class Locks:
    """Locks by name: an environment's, or `cleanup`. Raises as `ControlItems` does, and `UnreadableLockError`.

    `on_this_machine`: only processes of this machine acquire them.
    """

    def __init__(self, items: ControlItems) -> None:
        self._items = items
        self.on_this_machine = items.on_this_machine

    def live(self) -> dict[str, Lock | Unreadable]:
        """Every held lock, by name. One that cannot be read may be held, and does not hide the others."""
        items, now = self._items.collection(LOCKS)
        locks = {item["sk"]: _lock_or_problem(item) for item in items}
        return {
            name: lock for name, lock in locks.items() if isinstance(lock, Unreadable) or (lock and lock.is_live(now))
        }

    def acquire(self, name: str, holder: str, purpose: str) -> Lock:
        """Acquire the lock on `name`. Raises `LockedError` while another holder renews it."""
        item, now = self._items.get(LOCKS, name)
        previous = _lock(item) if item else None
        if previous is not None and previous.is_live(now):
            raise LockedError(previous, now)
        lock = Lock(
            name=name,
            holder=holder,
            purpose=purpose,
            counter=_seen(item)["counter"] + 1 if item else 1,
            beat=0,
            token=secrets.token_hex(8),
            acquired_at=now,
            renewed_at=now,
        )
        if not self._items.put(_item(lock), _seen(item) if item else None):
            return self.acquire(name, holder, purpose)  # another run was faster: this raises with its name
        return lock

    def renew(self, lock: Lock) -> Lock:
        """Hold it for another `core.lifecycle.lock.DURATION`. Raises `LockLostError`."""
        item, now = self._items.get(LOCKS, lock.name)
        if item is None or item.get("token") != lock.token:
            raise LockLostError(lock)
        renewed = replace(lock, beat=_seen(item)["beat"] + 1, renewed_at=now)
        if not self._items.put(_item(renewed), _seen(item)):
            raise LockLostError(lock)
        return renewed

    def release(self, lock: Lock) -> None:
        """Release it; a late holder's release changes nothing. The counter is kept, so every holder has its own."""
        item, _ = self._items.get(LOCKS, lock.name)
        if item is None or item.get("token") != lock.token:
            return
        seen = _seen(item)
        free = {"pk": LOCKS, "sk": lock.name, "counter": lock.counter, "beat": seen["beat"] + 1}
        if not self._items.put(free, seen):
            self.release(lock)  # its own renewal was still in flight, or it was late


def _seen(item: Item) -> dict[str, int]:
    """The condition of a write. Every write raises one of the two, so no two states of an item share both."""
    try:
        return {key: _number(item[key]) for key in ("counter", "beat")}
    except (KeyError, ValueError) as error:
        raise _unreadable(item, error) from None


def _number(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is not a number of writes")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is not a text")
    return value


def _lock_or_problem(item: Item) -> Lock | Unreadable | None:
    try:
        return _lock(item)
    except UnreadableLockError as error:
        return Unreadable(reason=f"its lock cannot be read: {error.reason}")


def _item(lock: Lock) -> Item:
    return {
        "pk": LOCKS,
        "sk": lock.name,
        "holder": lock.holder,
        "purpose": lock.purpose,
        "counter": lock.counter,
        "beat": lock.beat,
        "token": lock.token,
        "acquired_at": lock.acquired_at.isoformat(),
        "renewed_at": lock.renewed_at.isoformat(),
    }


def _lock(item: Item) -> Lock | None:
    """The lock in an item; None once it was released."""
    seen = _seen(item)
    if "token" not in item:
        return None
    try:
        return Lock(
            name=item["sk"],
            holder=_text(item["holder"]),
            purpose=_text(item["purpose"]),
            counter=seen["counter"],
            beat=seen["beat"],
            token=_text(item["token"]),
            acquired_at=parse_stored_time(item["acquired_at"]),
            renewed_at=parse_stored_time(item["renewed_at"]),
        )
    except (KeyError, ValueError) as error:
        raise _unreadable(item, error) from None


def _unreadable(item: Item, error: Exception) -> UnreadableLockError:
    return UnreadableLockError(item["sk"], f"it has no {error}" if isinstance(error, KeyError) else str(error))
