"""The tail: follows the open slot into the one before it, hands over to a switch, and follows back after it.

It runs in the foreground, until it is stopped, and may be started again at any time: where it stands is in the control
table.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from tee_infra.aws.control_switch import StoredJournal
from tee_infra.aws.control_tail import Armed
from tee_infra.aws.deadline import start
from tee_infra.core.cutover.journal import Verified
from tee_infra.core.cutover.journal_items import entry_items
from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.cutover.slots import existing_slots, tables_of
from tee_infra.core.cutover.tail_comparison import comparison_is_due
from tee_infra.core.cutover.tail_role import TailRole, tail_role
from tee_infra.core.lifecycle.actor import Actor
from tee_infra.core.lifecycle.lock import LockedError
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import TeeInfraError
from tee_infra.workflows.control.environment_lock import held_locks, locked
from tee_infra.workflows.cutover.context import CutoverContext
from tee_infra.workflows.cutover.orders import OrderedPace, read_present_orders
from tee_infra.workflows.cutover.replication import Replication, lock_name, read_journals
from tee_infra.workflows.cutover.reporting import present_report
from tee_infra.workflows.cutover.tail_position import read_tail_position
from tee_infra.workflows.cutover.transform import LoadedTransform, load_transform

TICK_SECONDS: Final = 1.0
"""Between two looks at the pointer and the locks."""
_SAY_SECONDS: Final = 5.0
_PROBE_SECONDS: Final = 60.0
_BLIND_SECONDS: Final = 5.0
"""Without a younger read of the pointer nothing is written."""


@dataclass(frozen=True, kw_only=True)
class TailState:
    """What the tail does: `following` from `source` to `target`, or why it does not.

    `different` items of the last comparison are not overwritten; None without one. `caught_up`: with `until_caught_up`
    only; the target has every write that the source had.
    """

    source: str | None
    target: str | None
    following: bool
    waits: str
    lag_seconds: float | None = None
    quarantined: int = 0
    different: int | None = None
    caught_up: bool = False


class Tail:
    """One process's tail. `tell` gets the state at each look."""

    def __init__(self, context: CutoverContext, tell: Callable[[TailState], None]) -> None:
        self._context = context
        self._tell = tell
        self._running: _Following | None = None
        self._said_at = self._probed_at = -_PROBE_SECONDS
        self._problem = ""
        self._slots: list[str] | None = None
        self._listed_at = 0.0
        self._now: datetime

    def run(self, *, until_caught_up: bool, sleep: Callable[[float], None] = time.sleep) -> TailState:
        """Follow until Ctrl-C or a signal; with `until_caught_up` until the target has all that the source had.

        A failed request to AWS is tried again with the next look. Raises `NoControlTableError` before the first one.
        """
        state = TailState(source=None, target=None, following=False, waits="it has just begun")
        _, self._now = self._context.pointers.read()
        try:
            while True:
                state = self._look()
                self._tell(state)
                if until_caught_up and state.waits:
                    return state
                if until_caught_up and self._caught_up():
                    return replace(state, caught_up=True)
                sleep(TICK_SECONDS)
        except KeyboardInterrupt:
            return state
        finally:
            self._stop()

    def _caught_up(self) -> bool:
        return self._running is not None and self._running.caught_up()

    def _look(self) -> TailState:
        try:
            role, armed = self._role()
            self._change(role, armed)
            self._say(role)
        except TeeInfraError as error:
            self._stop(error.message)
            return TailState(source=None, target=None, following=False, waits=error.message)
        running = self._running
        waits = role.waits or ("" if running else "another process replicates into it, or nothing was copied yet")
        return TailState(
            source=role.source,
            target=role.target,
            following=running is not None,
            waits=waits,
            lag_seconds=running.lag_seconds() if running else None,
            quarantined=running.quarantined() if running else 0,
            different=running.different() if running else None,
        )

    def _role(self) -> tuple[TailRole, Armed | None]:
        context = self._context
        pointer, self._now = context.pointers.read()
        armed = context.tail.armed()
        position = armed if isinstance(armed, Armed) and armed.position is not None else None
        if self._slots is None or time.monotonic() - self._listed_at > _PROBE_SECONDS:
            self._slots = list(existing_slots(context.environment, context.reader.names()))
            self._listed_at = time.monotonic()
        switching = context.switch_lock in held_locks(context.locks)
        way_back = (position.source, position.target) if position else None
        role = tail_role(pointer, way_back, self._slots, switching=switching)
        if self._running is not None and isinstance(pointer, Pointer):
            self._running.gate.saw(pointer.slot)
            self._running.obey(context)
        return role, position if role.armed else None

    def _change(self, role: TailRole, armed: Armed | None) -> None:
        """Start, stop, or go on. An ended replication raises its error, and is started again by the next look."""
        running = self._running
        if running is not None:
            running.require(self._now)
            if role.waits or (role.source, role.target) != (running.ends.source_name, running.ends.target_name):
                self._stop()
        if self._running is None and not role.waits and role.source and role.target:
            self._running = _follow(self._context, role.source, role.target, armed, self._now)

    def _say(self, role: TailRole) -> None:
        """That this tail runs, and what keeps it from following either way."""
        now = time.monotonic()
        if role.source is None or role.target is None or now - self._said_at < _SAY_SECONDS:
            return
        slots = frozenset((role.source, role.target))
        if now - self._probed_at >= _PROBE_SECONDS:
            self._problem = _missing_rights(self._context, slots)
            self._probed_at = now
        self._context.tail.say(self._context.actor.describe(), slots, self._problem)
        if self._running is not None:
            self._running.tell(self._context.actor)
        self._said_at = now

    def _stop(self, problem: str | None = None) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.stop(self._context.actor, problem)


class _Gate:
    """Lets writes to the target through while the pointer was read just now and names the source."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._seen = source, time.monotonic()

    def saw(self, slot: str) -> None:
        """The slot that the pointer names now."""
        self._seen = slot, time.monotonic()

    def is_open(self) -> bool:
        """Asked before each write, from several threads."""
        slot, at = self._seen
        return slot == self._source and time.monotonic() - at < _BLIND_SECONDS


class _Following:
    """A running replication, and the comparison that a rollback will need. `stack` has what ends it.

    `switched_at`: when the switch ended that it follows back, None for another one.
    """

    def __init__(
        self,
        stack: ExitStack,
        replication: Replication,
        gate: _Gate,
        pace: OrderedPace,
        switched_at: datetime | None,
    ) -> None:
        self.ends = replication.ends
        self.gate = gate
        self._pace = pace
        self._stack = stack
        self._replication = replication
        self._switched_at = switched_at
        self._comparing: Future[Any] | None = None
        self._compared_at: datetime | None = None

    def require(self, now: datetime) -> None:
        """Raises the error that ended it, and begins a comparison when one is due."""
        self._replication.require_running()
        if self._comparing is not None and not self._comparing.done():
            return
        if self._replication.following and self._is_due(now):
            self._compared_at = now
            self._comparing = start(lambda: self._replication.verify(now), f"comparison of {self.ends.target_name}")

    def _is_due(self, now: datetime) -> bool:
        """One of this process counts also if it failed."""
        found = self._replication.compared_at()
        known = [at for at in found.values() if at is not None]
        oldest = min(known) if len(known) == len(found) else None
        last = max((at for at in (oldest, self._compared_at) if at is not None), default=None)
        return comparison_is_due(
            now,
            switched_at=self._switched_at,
            compared_at=last,
            clean=last == oldest and found == self._replication.verified_at(),
        )

    def lag_seconds(self) -> float | None:
        """The largest of all tables; None while one is unknown."""
        lags = list(self._replication.lag_seconds().values())
        return None if None in lags else max((lag for lag in lags if lag is not None), default=None)

    def quarantined(self) -> int:
        """Items of all tables that the target cannot have."""
        return sum(self._replication.quarantined().values())

    def different(self) -> int | None:
        """Items of all tables that the last comparison found to differ; None without one."""
        known = [state.different for state in self._replication.states().values() if state.different is not None]
        return sum(known) if known else None

    def caught_up(self) -> bool:
        """Whether the target has all that the source had."""
        return self._replication.following and self._replication.drain(TICK_SECONDS)

    def obey(self, context: CutoverContext) -> None:
        """Do what a person has ordered. Raises as `ControlItems` does."""
        self._pace.orders = read_present_orders(context.items, self.ends.source_name, self.ends.target_name)

    def tell(self, actor: Actor, *, running: bool = True, problem: str | None = None) -> None:
        """Write down where it is, for `migrate status`. Raises as `Replication.write` does."""
        found = present_report(
            self._replication,
            actor,
            self._pace.orders,
            running=running,
            problem=problem,
            comparing=self._comparing is not None and not self._comparing.done(),
        )
        self._replication.write([found.item()])

    def stop(self, actor: Actor, problem: str | None = None) -> None:
        """End it and release its lock."""
        self._pace.ended = True
        with self._stack, suppress(TeeInfraError):
            self.tell(actor, running=False, problem=problem)


def _follow(context: CutoverContext, source: str, target: str, armed: Armed | None, now: datetime) -> _Following | None:
    """Follow `source` into `target`; None while another process does, or as long as nothing was copied.

    A way back that is armed and not yet begun goes into the journal first. Into the slot that was open until the last
    switch nothing is repaired: an app may still write to it.
    """
    purpose = f"tee-infra migrate tail {context.environment}"
    gate = _Gate(source)
    with ExitStack() as stack:
        try:
            lock = stack.enter_context(locked(context.locks, lock_name(target), context.actor, purpose))
        except LockedError:
            return None
        last = context.journals().back(source, target)
        follows_back = armed is not None or last is not None
        switched_at = last.written_at if isinstance(last, StoredJournal) else now
        transform = _transform(last, armed)
        ends = context.ends(source, target, transform.name if transform else "")
        pace = OrderedPace()
        replication = Replication(
            ends,
            context.items,
            lock,
            transform=transform,
            applies=gate.is_open,
            pace=pace,
            kept=frozenset(table.name for table in ends.tables if follows_back),
        )
        stack.callback(replication.stop)
        if armed is not None and not armed.begun:
            _begin(context, replication, armed)
        journals = read_journals(context.items, replication.ends)
        if not all(journal.progress.barrier for journal in journals.values()):
            return None
        replication.start()
        return _Following(stack.pop_all(), replication, gate, pace, switched_at if follows_back else None)


def _transform(last: StoredJournal | Unreadable | None, armed: Armed | None) -> LoadedTransform | None:
    """What the last switch has written down for this direction, also if a later one was aborted."""
    position = armed.position if armed is not None else None
    if position is None and isinstance(last, StoredJournal):
        position = last.journal.position
    name = read_tail_position(position).transform if position else ""
    return load_transform(name) if name else None


def _begin(context: CutoverContext, replication: Replication, armed: Armed) -> None:
    """Both slots were found equal before the flip, so the journal begins with a complete comparison."""
    position = read_tail_position(armed.position or "")
    replication.arm(position.shards)
    for table in replication.ends.tables:
        journal = replication.ends.journal(table)
        generation = read_journals(context.items, replication.ends)[table.name].generation
        verified = Verified(position.verified_at, generation, position.shards[table.name])
        replication.write(entry_items(journal, verified, generation))
    context.tail.begin(armed)


def _missing_rights(context: CutoverContext, slots: frozenset[str]) -> str:
    """What keeps this process from following either slot; empty if nothing does."""
    for slot in sorted(slots):
        for table in tables_of(slot).values():
            facts = context.reader.facts(table)
            if facts is None or not facts.stream_arn:
                return f"{table} has no stream"
            if not context.is_writable(table):
                return f"this process must not write to {table}"
    return ""
