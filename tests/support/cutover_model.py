"""A small exhaustive model of replication: one key, every interleaving, so that a protocol is judged without chance.

The source's item is a version number, 0 when absent. The application makes up to three writes and deletes while the
operator takes a stream position, scans, puts the scanned value and applies events in two steps (take in hand, land).
The operator crashes once at any moment: what it had in hand landed or did not, and it continues from any earlier
checkpoint. A state is final once the copy is made and every event from the position on is applied.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, NamedTuple

WRITES: Final = 3


class Position(StrEnum):
    """When the stream's position is taken; without one no event is applied."""

    NEVER = "never"
    BEFORE = "before the scan"
    AFTER = "after the scan"


class Protocol(NamedTuple):
    """`barrier`: no event is applied before the put. `read_through`: an event applies the source's present value."""

    position: Position
    barrier: bool = False
    read_through: bool = False
    put_if_absent: bool = False
    disorder: bool = False


@dataclass(frozen=True)
class State:
    """`log` holds the images of the stream, `seen` the applied ones, `hand` the event on its way and its value."""

    source: int
    target: int = 0
    writes: int = 0
    log: tuple[int, ...] = ()
    start: int | None = None
    scanned: int | None = None
    copied: bool = False
    seen: frozenset[int] = frozenset()
    hand: tuple[int, int] | None = None
    crashed: bool = False


def verdict(protocol: Protocol) -> set[str]:
    """`lost` (the target misses a write), `resurrected` (it has a deleted item), neither for a correct protocol."""
    found: set[str] = set()
    stack = [State(source=0), State(source=1)]
    known = set(stack)
    while stack:
        state = stack.pop()
        if is_final(state, protocol) and state.source != state.target:
            found.add("lost" if state.source else "resurrected")
        for following in moves(state, protocol):
            if following not in known:
                known.add(following)
                stack.append(following)
    return found


def is_final(state: State, protocol: Protocol) -> bool:
    """Whether the operator believes that it is finished."""
    if not state.copied or state.hand is not None:
        return False
    if protocol.position is Position.NEVER:
        return True
    return state.start is not None and set(range(state.start, len(state.log))) <= state.seen


def moves(state: State, protocol: Protocol) -> Iterator[State]:
    """Every next step of the application and of the operator."""
    yield from _application(state)
    yield from _bulk(state, protocol)
    yield from _tail(state, protocol)
    if not state.crashed:
        yield from _crash(state, protocol)


def _application(state: State) -> Iterator[State]:
    if state.writes == WRITES:
        return
    values = [state.writes + 2, *([0] if state.source else [])]  # a delete of nothing has no stream record
    for value in values:
        yield replace(state, source=value, log=(*state.log, value), writes=state.writes + 1)


def _bulk(state: State, protocol: Protocol) -> Iterator[State]:
    scanned = state.scanned is not None or state.copied
    if state.start is None and protocol.position is not Position.NEVER:
        if scanned == (protocol.position is Position.AFTER):
            yield replace(state, start=len(state.log))
        if protocol.position is Position.BEFORE:
            return
    if not scanned:
        yield replace(state, scanned=state.source)
    if state.scanned is not None:
        yield replace(state, target=_put(state, protocol), scanned=None, copied=True)


def _put(state: State, protocol: Protocol) -> int:
    if not state.scanned or (protocol.put_if_absent and state.target):
        return state.target
    return state.scanned


def _tail(state: State, protocol: Protocol) -> Iterator[State]:
    if state.start is None or (protocol.barrier and not state.copied):
        return
    if state.hand is not None:
        event, value = state.hand
        yield replace(state, target=value, seen=state.seen | {event}, hand=None)
        return
    events = range(state.start, len(state.log))
    unseen = [event for event in events if event not in state.seen]
    for event in events if protocol.disorder else unseen[:1]:
        yield replace(state, hand=(event, state.source if protocol.read_through else state.log[event]))


def _crash(state: State, protocol: Protocol) -> Iterator[State]:
    """Restarts wait until earlier writes have landed or never will, so these land here or not at all."""
    landed = [state.target]
    if state.hand is not None:
        landed.append(state.hand[1])
    if state.scanned is not None:
        landed.append(_put(state, protocol))
    for target in landed:
        for kept in range(len(state.log) + 1):
            seen = frozenset(event for event in state.seen if event < kept)
            after = replace(state, target=target, scanned=None, hand=None, seen=seen, crashed=True)
            yield after
            if not state.seen and state.hand is None:
                yield replace(after, copied=False)  # the put was not recorded as acknowledged
