"""What bare tables get, and what is left as it is."""

from typing import Any

import pytest

from tee_infra.core.cutover.adoption import (
    KEEP_READS,
    KEEP_WRITES,
    Cap,
    LegacyTable,
    NotAdoptableError,
    cap_for,
    first_pointer,
    require_adoptable,
)
from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.environments import parse_environment
from tee_infra.core.settings import Settings, settings_for
from tee_infra.core.tables.create_request import TableDefinition
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import RefusedError, UsageError

CAP = Cap(reads=20_000, writes=5_000)
CAPPED = {"OnDemandThroughput": {"MaxReadRequestUnits": 20_000, "MaxWriteRequestUnits": 5_000}}
INDEX = {"IndexName": "x", "KeySchema": [], "Projection": {"ProjectionType": "ALL"}}
STREAM = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}}


def definition(*, recovery: int | None = None, protected: bool = False, **request: Any) -> TableDefinition:
    return TableDefinition(
        request={"BillingMode": "PAY_PER_REQUEST", **request}, recovery_days=recovery, deletion_protection=protected
    )


def settings(**changes: Any) -> Settings:
    return settings_for(parse_environment("prod"), {"name": "prod", "owner": "platform", **changes})


def table(cap: Cap | None = CAP, **found: Any) -> LegacyTable:
    return LegacyTable(name="tee-admin", definition=definition(**found), cap=cap)


@pytest.mark.parametrize(
    ("found", "gets"),
    [
        (table(), ["point-in-time recovery", "deletion protection", "a stream (NEW_AND_OLD_IMAGES)", "caps of 20,000"]),
        (table(recovery=35, protected=True, **STREAM, **CAPPED), []),
        (table(recovery=7, protected=True, **STREAM, **CAPPED), ["point-in-time recovery for 35 days"]),
        (table(None, recovery=35, protected=True, BillingMode="PROVISIONED"), ["a stream"]),
        (table(recovery=35, protected=True, GlobalSecondaryIndexes=[INDEX], **STREAM, **CAPPED), ["caps"]),
    ],
)
def test_a_table_gets_what_it_lacks(found: LegacyTable, gets: list[str]) -> None:
    said = list(found.protections())
    assert [one.startswith(start) for one, start in zip(said, gets, strict=True)] == [True] * len(gets), said


def test_a_stream_that_is_on_keeps_its_view_because_it_has_readers() -> None:
    assert table(**STREAM).stream_view == "KEYS_ONLY"
    assert table(recovery=35).recovery_days == 35


@pytest.mark.parametrize(
    ("set_to", "found", "peak", "cap"),
    [
        ({"max_read_units": 9, "max_write_units": 8}, {}, None, Cap(reads=9, writes=8)),
        ({"max_read_units": 9, "max_write_units": 8}, CAPPED, None, Cap(reads=9, writes=8)),
        ({"billing_mode": "PROVISIONED", "max_read_units": 9, "max_write_units": 8}, CAPPED, None, CAP),
        ({}, CAPPED, None, CAP),
        ({}, {}, (0.0, 0.0), Cap(reads=KEEP_READS, writes=KEEP_WRITES)),
        ({}, {}, (5_000.0, 1_000.5), Cap(reads=50_000, writes=10_005)),
        (
            {},
            {"OnDemandThroughput": {"MaxReadRequestUnits": -1}},
            (0.0, 0.0),
            Cap(reads=KEEP_READS, writes=KEEP_WRITES),
        ),
        ({}, {"BillingMode": "PROVISIONED"}, None, None),
    ],
)
def test_a_cap_is_chosen_present_or_far_above_the_use(
    set_to: dict[str, Any], found: dict[str, Any], peak: tuple[float, float] | None, cap: Cap | None
) -> None:
    assert cap_for(settings(**set_to), definition(**found), peak) == cap


def test_a_cap_that_could_be_too_low_is_not_guessed() -> None:
    with pytest.raises(RefusedError, match="unknown"):
        cap_for(settings(), definition(), None)


@pytest.mark.parametrize(
    ("pointer", "prod_items", "after"),
    [
        (Pointer(epoch=0, state="ACTIVE", slot="prod"), [], Pointer(epoch=1, state="ACTIVE", slot="legacy")),
        (Pointer(epoch=0, state="ACTIVE", slot="prod"), ["prod-tee-admin"], "prod-tee-admin has items"),
        (Pointer(epoch=1, state="ACTIVE", slot="legacy"), [], "it names legacy"),
        (Pointer(epoch=4, state="ACTIVE", slot="prod"), [], "it names prod"),
        (Unreadable(reason="it cannot be read"), [], "it cannot be read"),
    ],
)
def test_the_bare_tables_are_called_open_only_where_nothing_else_can_be(
    pointer: Pointer | Unreadable, prod_items: list[str], after: Pointer | str
) -> None:
    found = first_pointer(pointer, prod_items)
    assert found == after if isinstance(after, Pointer) else str(found).startswith(after)


def test_a_missing_table_and_one_that_the_program_cannot_express_are_refused() -> None:
    found = LegacyTable(name="tee-admin", definition=definition(), obstacles=("replica in eu-west-1: a global table",))
    with pytest.raises(UsageError, match="no table tee-schedules in this account"):
        require_adoptable([found], ["tee-schedules"])
    with pytest.raises(NotAdoptableError) as raised:
        require_adoptable([found], [])
    assert raised.value.obstacles == ["tee-admin: replica in eu-west-1: a global table"]
    require_adoptable([table()], [])
