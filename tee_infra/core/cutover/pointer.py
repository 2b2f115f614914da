"""The pointer: the item of the control table that names the slot whose tables are open to the app's writes.

ACTIVE -> PREPARING -> DRAINING -> ACTIVE(new slot), or back to ACTIVE(old slot) from either of the two in the middle.
Every change raises the epoch by one and is written on condition of the epoch that it follows, so of two changes that
follow the same epoch one is refused, however late it arrives. `tee_infra.client` reads the same item.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tee_infra.core import names
from tee_infra.core.environments import parse_environment
from tee_infra.core.lifecycle.record import Time
from tee_infra.core.lifecycle.stored_record import first_problem
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import RefusedError, UsageError

State = Literal["ACTIVE", "PREPARING", "DRAINING"]

SORT_KEY: Final = "pointer"

LONGEST_DRAIN: Final = timedelta(seconds=30)
"""How far ahead `drain_until` may be: an operator that dies leaves the app without writes for this long at most."""


class Pointer(BaseModel):
    """The open slot: an environment's name (`prod`, `prod-v2`), or `legacy`. Epoch 0 was never written."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    epoch: Annotated[int, Field(ge=0)]
    state: State
    slot: str
    drain_until: Time | None = None
    """In DRAINING only, by AWS's clock: from then on any client may end the drain."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.drain_until is None) == (self.state == "DRAINING"):
            raise ValueError(f"drain_until contradicts the state {self.state}")
        if self.slot != names.LEGACY:
            try:
                parse_environment(self.slot, "slot")
            except UsageError as error:
                raise ValueError(error.message) from None
        return self


def read_pointer(item: Mapping[str, Any] | None, environment: str) -> Pointer | Unreadable:
    """The pointer in an item of the control table. Without an item the environment's own tables are open."""
    if item is None:
        return Pointer(epoch=0, state="ACTIVE", slot=environment)
    key = {"pk": names.pointer(environment), "sk": SORT_KEY}
    fields = {name: value for name, value in item.items() if key.get(name) != value}
    try:
        pointer = Pointer.model_validate(fields)
    except ValidationError as error:
        return Unreadable(reason=f"the pointer cannot be read: {first_problem(error, 'pointer')}")
    return Unreadable(reason="the pointer cannot be read: epoch: 0 is never written") if not pointer.epoch else pointer


def pointer_item(pointer: Pointer, environment: str) -> dict[str, Any]:
    """The item to write, on condition of `expected`."""
    return {
        "pk": names.pointer(environment),
        "sk": SORT_KEY,
        **pointer.model_dump(mode="json", exclude_none=True),
    }


def expected(before: Pointer) -> dict[str, int] | None:
    """The condition of the write that follows `before`, for `ControlItems.put`; None: there is no item."""
    return {"epoch": before.epoch} if before.epoch else None


def preparing(pointer: Pointer) -> Pointer:
    """Clients shorten their leases; writes are open. Raises `RefusedError` unless it is ACTIVE."""
    _require(pointer, "ACTIVE")
    return Pointer(epoch=pointer.epoch + 1, state="PREPARING", slot=pointer.slot)


def draining(pointer: Pointer, until: datetime, now: datetime) -> Pointer:
    """Clients hold their writes. `now` is AWS's time. Raises `RefusedError` unless it is PREPARING, and for a drain
    that would be longer than `LONGEST_DRAIN`."""
    _require(pointer, "PREPARING")
    if until - now > LONGEST_DRAIN:
        raise RefusedError(
            f"a drain until {until.isoformat()} would be longer than {LONGEST_DRAIN.total_seconds():.0f} s"
        )
    return Pointer(epoch=pointer.epoch + 1, state="DRAINING", slot=pointer.slot, drain_until=until)


def flipped(pointer: Pointer, slot: str) -> Pointer:
    """The new slot is open. Raises `RefusedError` unless it is DRAINING another slot."""
    _require(pointer, "DRAINING")
    if slot == pointer.slot:
        raise RefusedError(f"the pointer already names {slot}. It was not changed")
    return Pointer(epoch=pointer.epoch + 1, state="ACTIVE", slot=slot)


def reopened(pointer: Pointer) -> Pointer:
    """The old slot is open again, as an operator aborts and as a client ends an expired drain. Raises `RefusedError`
    if it is ACTIVE."""
    _require(pointer, "PREPARING", "DRAINING")
    return Pointer(epoch=pointer.epoch + 1, state="ACTIVE", slot=pointer.slot)


def _require(pointer: Pointer, *states: State) -> None:
    if pointer.state not in states:
        raise RefusedError(
            f"the pointer is {pointer.state} at epoch {pointer.epoch} and not {' or '.join(states)}. It was not changed"
        )
