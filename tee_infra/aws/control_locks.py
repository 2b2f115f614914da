"""Locks in the control table: acquired under a condition, renewed by their holder, expired only by time."""

import secrets
from dataclasses import replace
from typing import Final

from tee_infra.aws.control_store import ControlItems, Item
from tee_infra.core.lifecycle.lock import Lock, LockedError, LockLostError, UnreadableLockError
from tee_infra.core.times import parse_time

LOCKS: Final = "locks"


class Locks:
    """Locks by name: an environment's, or `cleanup`. Raises as `ControlItems` does, and `UnreadableLockError`.

    `on_this_machine`: only processes of this machine acquire them.
    """

    def __init__(self, items: ControlItems) -> None:
        self._items = items
        self.on_this_machine = items.on_this_machine

    def live(self) -> dict[str, Lock]:
        """Every held lock, by name."""
        items, now = self._items.collection(LOCKS)
        locks = [lock for lock in map(_lock, items) if lock is not None]
        return {lock.name: lock for lock in locks if lock.is_live(now)}

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
        return {key: int(item[key]) for key in ("counter", "beat")}
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(item, error) from None


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
    if "token" not in item:
        return None
    seen = _seen(item)
    try:
        return Lock(
            name=item["sk"],
            holder=item["holder"],
            purpose=item["purpose"],
            counter=seen["counter"],
            beat=seen["beat"],
            token=item["token"],
            acquired_at=parse_time(item["acquired_at"]),
            renewed_at=parse_time(item["renewed_at"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(item, error) from None


def _unreadable(item: Item, error: Exception) -> UnreadableLockError:
    return UnreadableLockError(item["sk"], f"it has no {error}" if isinstance(error, KeyError) else str(error))
