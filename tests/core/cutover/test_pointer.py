from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.cutover.pointer import (
    LONGEST_DRAIN,
    Pointer,
    draining,
    expected,
    flipped,
    pointer_item,
    preparing,
    read_pointer,
    reopened,
)
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import RefusedError

NOW = datetime(2026, 12, 1, tzinfo=UTC)
SOON = NOW + timedelta(seconds=20, milliseconds=7)
ACTIVE = Pointer(epoch=4, state="ACTIVE", slot="prod")
PREPARING = preparing(ACTIVE)
DRAINING = draining(PREPARING, SOON, NOW)
CHANGES = {
    "preparing": (preparing, {"ACTIVE"}),
    "draining": (lambda pointer: draining(pointer, SOON, NOW), {"PREPARING"}),
    "flipped": (lambda pointer: flipped(pointer, "prod-v2"), {"DRAINING"}),
    "reopened": (reopened, {"PREPARING", "DRAINING"}),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("pointer", [ACTIVE, PREPARING, DRAINING], ids=lambda pointer: pointer.state)
def test_a_change_starts_from_its_states_only_and_raises_the_epoch_by_one(change: str, pointer: Pointer) -> None:
    apply, states = CHANGES[change]
    if pointer.state in states:
        assert apply(pointer).epoch == pointer.epoch + 1
    else:
        with pytest.raises(RefusedError):
            apply(pointer)


def test_only_the_flip_changes_the_slot() -> None:
    assert [pointer.slot for pointer in (PREPARING, DRAINING, reopened(PREPARING), reopened(DRAINING))] == ["prod"] * 4
    assert flipped(DRAINING, "prod-v2") == Pointer(epoch=7, state="ACTIVE", slot="prod-v2")
    with pytest.raises(RefusedError):
        flipped(DRAINING, "prod")


def test_a_drain_is_bounded() -> None:
    assert draining(PREPARING, NOW + LONGEST_DRAIN, NOW).state == "DRAINING"
    with pytest.raises(RefusedError):
        draining(PREPARING, NOW + LONGEST_DRAIN + timedelta(milliseconds=1), NOW)


def test_of_two_changes_of_one_epoch_one_is_refused() -> None:
    stored = {"epoch": DRAINING.epoch}
    landed = []
    for change in (reopened(DRAINING), flipped(DRAINING, "prod-v2")):
        if stored == expected(DRAINING):
            stored = {"epoch": change.epoch}
            landed.append(change)
    assert landed == [reopened(DRAINING)]


def test_without_an_item_the_own_tables_are_open_and_the_first_write_wants_none() -> None:
    absent = read_pointer(None, "prod")
    assert absent == Pointer(epoch=0, state="ACTIVE", slot="prod")
    assert expected(preparing(absent)) == {"epoch": 1}
    assert expected(absent) is None


@given(
    st.integers(1, 10**12),
    st.sampled_from(["prod", "prod-v2", "prod-v9999", "legacy"]),
    st.none() | st.timedeltas(timedelta(0), timedelta(days=9999)).map(lambda after: NOW + after),
)
def test_a_written_pointer_is_read_again(epoch: int, slot: str, until: datetime | None) -> None:
    pointer = Pointer(epoch=epoch, state="DRAINING" if until else "PREPARING", slot=slot, drain_until=until)
    assert read_pointer(pointer_item(pointer, "prod"), "prod") == pointer


ITEM = pointer_item(DRAINING, "prod")


UNREADABLE = [
    {},
    *({name: value for name, value in ITEM.items() if name != lost} for lost in ("epoch", "state", "slot")),
    {name: value for name, value in ITEM.items() if name != "drain_until"},
    *(ITEM | {"epoch": value} for value in (0, -1, "6", 6.5, True, None)),
    *(ITEM | {"state": value} for value in ("active", "PAUSED", "", None, 1)),
    *(ITEM | {"slot": value} for value in ("", "v2", "prod-v02", "prod-hotfix", "tee-admin", None)),
    *(ITEM | {"drain_until": value} for value in ("", "soon", "2026-12-01T00:00:20", 1796083220, None)),
    ITEM | {"state": "ACTIVE"},
    ITEM | {"weights": {"prod": 1}},
    ITEM | {"pk": "pointer#staging"},
]


@pytest.mark.parametrize("item", UNREADABLE, ids=str)
def test_a_pointer_that_this_version_does_not_write_is_unreadable(item: dict) -> None:
    assert isinstance(read_pointer(item, "prod"), Unreadable)
