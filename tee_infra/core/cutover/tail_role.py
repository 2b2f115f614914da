"""What a tail does now: follow the open slot into another one, or stand by."""

from collections.abc import Sequence
from dataclasses import dataclass

from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.cutover.slots import generation
from tee_infra.core.unreadable import Unreadable


@dataclass(frozen=True, kw_only=True)
class TailRole:
    """`source` is the open slot, `target` the one that follows it; None: there is no other, or it is not known.

    `waits`: why it stands by; empty if it follows. `armed`: a switch has written down from where.
    """

    source: str | None
    target: str | None
    armed: bool = False
    waits: str = ""


def tail_role(
    pointer: Pointer | Unreadable, armed: tuple[str, str] | None, slots: Sequence[str], *, switching: bool
) -> TailRole:
    """The role. `armed`: source and target of the last switch's way back, None without one. `slots` exist.

    The way back of the last switch comes first: a next slot is not followed before the one before was archived.
    """
    if isinstance(pointer, Unreadable):
        return TailRole(source=None, target=None, waits=pointer.reason)
    is_armed = armed is not None and armed[0] == pointer.slot
    target = armed[1] if armed is not None and is_armed else _next(pointer.slot, slots)
    role = TailRole(source=pointer.slot, target=target, armed=is_armed)
    if target is None:
        return TailRole(source=pointer.slot, target=None, waits=f"{pointer.slot} is the only slot with tables")
    if switching or pointer.state != "ACTIVE":
        return TailRole(source=role.source, target=target, armed=is_armed, waits="a switch has the replication")
    return role


def _next(slot: str, slots: Sequence[str]) -> str | None:
    """The next newer slot, otherwise the newest older one."""
    newer = sorted((each for each in slots if generation(each) > generation(slot)), key=generation)
    older = sorted((each for each in slots if generation(each) < generation(slot)), key=generation)
    return newer[0] if newer else older[-1] if older else None
