"""Processes of the app in virtual time: they read the pointer, and write by the rules of `tee_infra.client.lease`.

Each process has keys of its own and knows which values its keys may have: the acknowledged one, and those of writes
without an acknowledgement.
"""

from collections.abc import Callable
from random import Random

from tee_infra.client import lease
from tee_infra.client.lease import Leases, Pointer, ended, has_moved, may_end
from tee_infra.core.cutover import pointer as core
from tee_infra.core.cutover.requests import Key, Side
from tests.support.cutover_operator import Clock
from tests.support.cutover_world import make_item, make_key
from tests.support.switch_world import Control, Slots

SLOW = 3.0
SKEW = 2.0
LATENCY = 0.05


class App:
    """One process. `in_flight`: within so many seconds most of its writes land, a slow one within `SLOW`.

    `late`: values of uncertain writes, which may be in a slot that is closed, and come back with it (`docs/switch.md`).
    `skew`: how wrong its clock is. `saw` is called for each read of the pointer, `acknowledged` for each write.
    """

    leases: Leases = lease.LEASES

    def __init__(self, clock: Clock, control: Control, slots: Slots, random: Random, number: int) -> None:
        self.clock, self.control, self.slots, self.random = clock, control, slots, random
        self.keys = [make_key(20 * number + key) for key in range(random.choice((1, 2, 12)))]
        self.allowed: dict[Key, set[int | None]] = {key: {None} for key in self.keys}
        self.late: dict[Key, set[int | None]] = {key: set() for key in self.keys}
        self.busy: set[Key] = set()
        self.view: Pointer | None = None
        self.read_at = 0.0
        self.first_seen = (-1, 0.0)
        self.skew = random.uniform(-SKEW, SKEW)
        self.losing, self.slow = random.choice((0, 0.05, 0.3)), random.choice((0, 0.05, 0.5))
        self.answering = random.choice((LATENCY, LATENCY, 2.0))
        self.pause = random.choice((1.0, 2.0, 5.0)) / len(self.keys)
        self.saw: Callable[[], None] = lambda: None
        self.acknowledged: Callable[[App], None] = lambda _: None
        self.version = 0
        self.stopped = False
        self.clock.after(random.uniform(0, 2), self._look)
        self.clock.after(random.uniform(0, 2), self._write)

    def permitted(self) -> Pointer | None:
        now = self.clock.time.now
        return self.view if self.view and self.leases.permit(self.view, now - self.read_at) else None

    def _look(self) -> None:
        """Read the pointer; its answer may be lost."""
        asked_at, there = self.clock.time.now, self.random.uniform(0, LATENCY)
        self.clock.after(there, lambda: self._answer(asked_at, _as_read(self.control.pointer)))

    def _answer(self, asked_at: float, pointer: Pointer) -> None:
        if self.random.random() >= self.losing:
            self.clock.after(self.random.uniform(0, self.answering), lambda: self._see(asked_at, pointer))
        else:
            self.clock.after(1.0, self._look)

    def _see(self, asked_at: float, pointer: Pointer) -> None:
        self.view, self.read_at = pointer, self._asked(asked_at)
        self.saw()
        if pointer.epoch != self.first_seen[0]:
            self.first_seen = pointer.epoch, self.clock.time.now
        aws = self.control.aws().timestamp() + self.skew
        if may_end(pointer, aws, self.clock.time.now - self.first_seen[1]):
            self._end(pointer)
        calm = pointer.state == "ACTIVE"
        self.clock.after(lease.CALM_RENEWAL if calm else lease.RENEWAL, self._look)

    def _asked(self, asked_at: float) -> float:
        """A lease counts from before the read was sent."""
        return asked_at

    def _end(self, pointer: Pointer) -> None:
        """Its write lands at any time, and is refused in another epoch."""
        after = ended(pointer)
        stored = core.Pointer(epoch=after.epoch, state="ACTIVE", slot=after.slot)
        late = self.random.choice((LATENCY, LATENCY, 20.0))
        self.clock.after(
            self.random.uniform(0, late), lambda: self.control.move(pointer.epoch, stored, "end of the drain")
        )

    def _write(self) -> None:
        if self.stopped:
            return
        self.clock.after(self.random.uniform(0.5, 1.5) * self.pause, self._write)
        began = self.permitted()
        free = [key for key in self.keys if key not in self.busy]
        if began is None or not free:
            return
        key = self.random.choice(free)
        self.busy.add(key)
        self.version += 1
        value = None if self.random.random() < 0.3 else self.version
        self.allowed[key].add(value)
        longest = SLOW if self.random.random() < self.slow else IN_FLIGHT
        self.clock.after(self.random.uniform(0, longest), lambda: self._land(key, value, began))

    def _land(self, key: Key, value: int | None, began: Pointer) -> None:
        self.slots.worlds[began.slot].write(key, None if value is None else make_item(key, value))
        if self.random.random() < self.losing:
            self.busy.discard(key)  # without an answer
        else:
            self.clock.after(self.random.uniform(0, LATENCY), lambda: self._confirm(key, value, began))

    def _confirm(self, key: Key, value: int | None, began: Pointer) -> None:
        """As the end of `SlotTables.writing` does: ask the pointer before the answer counts."""
        now = self.permitted()
        if now is None:
            self.clock.after(lease.RENEWAL, lambda: self._confirm(key, value, began))
            return
        self.busy.discard(key)
        if has_moved(began, now):
            self.late[key].add(value)
        else:
            self.allowed[key] = {value}
            self.acknowledged(self)

    def problem(self, slot: str) -> str | None:
        """An acknowledged write that the slot has not, or a value that it should not have."""
        items = self.slots.worlds[slot].tables[Side.SOURCE]
        for key, allowed in self.allowed.items():
            possible = {None if value is None else make_item(key, value) for value in allowed | self.late[key]}
            if items.get(key) not in possible:
                return f"{key.decode()} is {items.get(key)} in {slot}, acknowledged was {allowed}"
        return None


IN_FLIGHT = 0.19
"""The switch allows for 0.2 s (`Bounds.in_flight`)."""


def _as_read(pointer: core.Pointer) -> Pointer:
    until = None if pointer.drain_until is None else pointer.drain_until.timestamp()
    return Pointer(pointer.epoch, pointer.state, pointer.slot, until)
