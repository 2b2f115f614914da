"""Every condition of a switch fails for a bad value and for an unknown one, and names a command."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.cutover.preflight import PreflightError, conditions, require
from tee_infra.core.cutover.preflight_facts import PreflightFacts, WarmThroughput
from tee_infra.core.cutover.shadow_reads import ShadowReads, ShadowTable
from tee_infra.core.unreadable import Unreadable

NOW = datetime(2026, 12, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
TABLES = ("tee-admin", "tee-schedules")
SHADOW = ShadowReads(
    tables={"tee-admin": ShadowTable(reads=900, failed=1), "tee-schedules": ShadowTable(reads=100)},
    p50_ratio=2.0,
    p99_ratio=1.1,
    still_sent=True,
)
WARM = {name: WarmThroughput(reads=12_000, writes=4_000) for name in (*TABLES, "tee-schedules/by-date")}
READY = PreflightFacts(
    environment="prod",
    source="prod",
    target="prod-v2",
    now=NOW,
    tables=TABLES,
    pointer=Pointer(epoch=1, state="ACTIVE", slot="prod"),
    reached=frozenset(("prod", "prod-v2")),
    lag_seconds=dict.fromkeys(TABLES, 0.4),
    verified_at=dict.fromkeys(TABLES, NOW - HOUR),
    quarantined=dict.fromkeys(TABLES, 0),
    reverse_running=True,
    has_inverse=True,
    point_in_time_recovery=dict.fromkeys(TABLES, True),
    warm_source=WARM,
    warm_target=WARM,
    stream_readers=dict.fromkeys(TABLES, 2),
    table_differences=dict.fromkeys(TABLES, ()),
    shadow=SHADOW,
)


def one(value: object) -> dict[str, Any]:
    """A good value of the first table is replaced."""
    return {"tee-admin": value}


BAD: dict[str, list[tuple[str, Any]]] = {
    "tables": [("tables", ())],
    "pointer": [
        ("pointer", Unreadable(reason="the pointer cannot be read")),
        ("pointer", Pointer(epoch=1, state="PREPARING", slot="prod")),
        ("pointer", Pointer(epoch=1, state="ACTIVE", slot="prod-v2")),
        ("target", "prod"),
    ],
    "no other switch": [("unfinished", "prod to prod-v2")],
    "app's role": [("reached", frozenset(slots)) for slots in ((), ("prod",), ("prod-v2",))],
    "lag": [("lag_seconds", one(value)) for value in (2.0, 90.0, -1.0, float("nan"), None)],
    "verified": [
        *[("verified_at", one(value)) for value in (NOW - 24 * HOUR, NOW + HOUR, None)],
        ("different", one(1)),
    ],
    "quarantine": [("quarantined", one(value)) for value in (1, None)],
    "reverse": [("reverse_running", False)],
    "inverse": [("has_inverse", False)],
    "point-in-time recovery": [("point_in_time_recovery", one(value)) for value in (False, None)],
    "warm throughput": [
        ("warm_target", WARM | one(WarmThroughput(reads=12_000, writes=3_999))),
        ("warm_target", WARM | one(WarmThroughput(reads=11_999, writes=4_000))),
        ("warm_target", {table: WARM[table] for table in TABLES}),
        ("warm_source", {"tee-admin": WARM["tee-admin"]}),
    ],
    "stream readers": [("stream_readers", one(value)) for value in (3, None)],
    "same tables": [("table_differences", one(value)) for value in (("TimeToLive",), None)],
    "shadow reads": [
        ("shadow", Unreadable(reason="the shadow reads cannot be read")),
        ("shadow", replace(SHADOW, tables={})),
        ("shadow", replace(SHADOW, tables={"tee-admin": ShadowTable(reads=999, failed=10)})),
        ("shadow", replace(SHADOW, tables={"tee-admin": ShadowTable(reads=5000, mismatches=1)})),
        ("shadow", replace(SHADOW, tables={"tee-admin": ShadowTable(reads=1, mismatches=1)}, still_sent=False)),
        *[("shadow", replace(SHADOW, p99_ratio=ratio)) for ratio in (1.11, float("nan"), None)],
    ],
}
CASES = [(name, member, value) for name, rows in BAD.items() for member, value in rows]


def test_a_switch_that_is_ready_may_begin() -> None:
    assert all(condition.holds for condition in conditions(READY))


def test_every_condition_has_a_case() -> None:
    assert [condition.name for condition in conditions(READY)] == list(BAD)


@pytest.mark.parametrize(("name", "member", "value"), CASES, ids=str)
def test_a_bad_or_unknown_fact_fails_its_condition_only(name: str, member: str, value: Any) -> None:
    good = getattr(READY, member)
    by_table = isinstance(value, dict) and set(value) == {"tee-admin"} and member != "warm_source"
    facts = replace(READY, **{member: good | value if by_table else value})
    if member == "tables":
        assert name in [condition.name for condition in conditions(facts) if not condition.holds]
        return
    with pytest.raises(PreflightError) as refused:
        require(facts, conditions(facts))
    assert [condition["name"] for condition in refused.value.conditions] == [name]
    assert all(condition["command"].startswith("tee-infra ") for condition in refused.value.conditions)
    assert name in refused.value.message


def test_no_command_overwrites_what_differs_in_the_slot_that_was_open() -> None:
    back = replace(READY, source="prod-v2", target="prod", pointer=Pointer(epoch=4, state="ACTIVE", slot="prod-v2"))
    back = replace(
        back, leads_back=True, lag_seconds={}, shadow=replace(SHADOW, tables={"t": ShadowTable(reads=9, mismatches=1)})
    )
    for facts in (replace(back, verified_at={}), replace(back, different={"tee-admin": 2})):
        told = {each.name: each.command for each in conditions(facts) if not each.holds}
        assert told.keys() == {"lag", "verified", "shadow reads"}
        assert not [command for command in told.values() if "--from" in command]
    assert told["verified"] == "tee-infra migrate status prod"
    (found,) = [each.problem for each in conditions(facts) if each.name == "verified"]
    assert found == "tee-admin: 2 items differ"


def test_a_loss_is_accepted_in_words() -> None:
    assert all(each.holds for each in conditions(replace(READY, has_inverse=False, loss_accepted=True)))


@pytest.mark.parametrize("shadow", [None, replace(SHADOW, tables={}, p99_ratio=9.0, still_sent=False)], ids=str)
def test_no_shadow_reads_are_wanted_where_clients_send_none(shadow: ShadowReads | None) -> None:
    assert all(each.holds for each in conditions(replace(READY, shadow=shadow)))


def test_a_comparison_settles_what_differed() -> None:
    facts = replace(READY, shadow=replace(SHADOW, tables={"tee-admin": ShadowTable(reads=9, mismatches=2)}))
    (condition,) = [condition for condition in conditions(facts) if not condition.holds]
    assert condition.problem == "2 of 9 reads differ, in tee-admin"
    assert condition.command == "tee-infra migrate --from prod --to prod-v2 --until-caught-up"


def test_without_any_fact_every_condition_of_a_table_fails() -> None:
    unknown = PreflightFacts(
        environment="prod", source="prod", target="prod-v2", now=NOW, tables=TABLES, pointer=READY.pointer
    )
    held = {condition.name for condition in conditions(unknown) if condition.holds}
    assert held == {"tables", "pointer", "no other switch", "app's role", "shadow reads"}
