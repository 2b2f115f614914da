"""When the tables of a slot may be deleted: each condition made to fail, and each unknown fact."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.cutover.retirement import (
    Consumption,
    FinalBackup,
    LastSwitch,
    RetirementError,
    RetirementFacts,
    conditions,
    require,
)
from tee_infra.core.cutover.switch_steps import Journal
from tee_infra.core.unreadable import Unreadable

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
TABLES = ("prod-tee-admin", "prod-tee-schedules")
JOURNAL = Journal(environment="prod", source="prod", target="prod-v2", epoch=0, version=9, step="finished")
LONG_AGO = Consumption(until=NOW - timedelta(days=7))
UNREADABLE = Unreadable(reason="it cannot be read")

READY = RetirementFacts(
    environment="prod",
    slot="prod",
    command="tee-infra archive prod",
    now=NOW,
    idle_for=timedelta(days=7),
    tables=TABLES,
    pointer=Pointer(epoch=3, state="ACTIVE", slot="prod-v2"),
    switch=LastSwitch(journal=JOURNAL, at=NOW - timedelta(hours=48, seconds=1)),
    reads={**dict.fromkeys(TABLES, LONG_AGO), "prod-tee-schedules/by-date": Consumption(until=None)},
    writes=dict.fromkeys(TABLES, LONG_AGO),
    records=dict.fromkeys(TABLES),
    output="s3://backups/final",
)


def switch(ago: timedelta = timedelta(days=3), **changes: Any) -> dict[str, Any]:
    return {"switch": LastSwitch(journal=replace(JOURNAL, **changes), at=NOW - ago)}


def consumption(name: str, until: datetime | None) -> dict[str, Consumption]:
    return {**dict.fromkeys(TABLES, LONG_AGO), name: Consumption(until=until)}


BACKUP = FinalBackup(location="s3://backups/final", begun_at=NOW - timedelta(hours=1))
RECENTLY = NOW - timedelta(days=6, hours=23)

CASES: list[tuple[str, dict[str, Any]]] = [
    ("tables", {"tables": ()}),
    ("managed", {"unmanaged": "prod-tee-admin: its tag tee:stack is missing"}),
    ("pointer", {"pointer": UNREADABLE}),
    ("pointer", {"pointer": Pointer(epoch=3, state="ACTIVE", slot="prod")}),
    ("pointer", {"pointer": Pointer(epoch=0, state="ACTIVE", slot="prod-v2")}),
    ("pointer", {"pointer": Pointer(epoch=4, state="PREPARING", slot="prod-v2")}),
    ("pointer", {"pointer": Pointer(epoch=4, state="DRAINING", slot="prod-v2", drain_until=NOW)}),
    ("switch", {"switch": None}),
    ("switch", {"switch": UNREADABLE}),
    *(("switch", switch(step=step)) for step in ("prepare", "drain", "arm", "fence")),
    ("switch", switch(source="legacy", target="prod-v3")),
    ("switch", switch(step="aborted")),
    ("rollback window", switch(timedelta(hours=48))),
    ("rollback window", switch(timedelta(hours=1))),
    ("rollback window", switch(timedelta(hours=-1))),
    ("rollback window", switch(timedelta(hours=1), step="aborted", source="prod-v2", target="prod-v3")),
    ("replication", {"replications": ("prod-v2 -> prod is running",)}),
    ("comparison", {"different": {"tee-admin": 0, "tee-schedules": 1}}),
    ("reads", {"reads": {}}),
    ("reads", {"reads": dict.fromkeys(TABLES, UNREADABLE)}),
    ("reads", {"reads": consumption("prod-tee-admin", None)}),
    ("reads", {"reads": consumption("prod-tee-admin", RECENTLY)}),
    ("reads", {"reads": consumption("prod-tee-admin", NOW + timedelta(hours=1))}),
    ("reads", {"reads": consumption("prod-tee-schedules/by-date", RECENTLY)}),
    ("reads", {"reads": READY.reads, "idle_for": timedelta(days=8), "writes": consumption("x", None)}),
    ("writes", {"writes": {}}),
    ("writes", {"writes": {TABLES[0]: LONG_AGO}}),
    ("writes", {"writes": {**READY.writes, TABLES[1]: UNREADABLE}}),
    ("writes", {"writes": consumption("prod-tee-admin", None)}),
    ("writes", {"writes": consumption("prod-tee-admin", NOW)}),
    ("stream", {"records": {}}),
    ("stream", {"records": dict.fromkeys(TABLES, UNREADABLE)}),
    ("stream", {"records": {**READY.records, TABLES[0]: NOW - timedelta(hours=20)}}),
    ("stack file", {"resurrected_by": "Pulumi.prod.yaml has them"}),
    ("final backup", {"output": None}),
    ("final backup", {"output": None, "backup": BACKUP}),
    ("final backup", {"backup": UNREADABLE}),
    # A backup that began long ago excuses no read, and none excuses a write.
    ("reads", {"backup": replace(BACKUP, begun_at=NOW - timedelta(days=1)), "reads": {}}),
    ("reads", {"backup": replace(BACKUP, begun_at=NOW + timedelta(days=1)), "reads": {}}),
    ("writes", {"backup": replace(BACKUP, verified=True, released=True), "writes": {}}),
]

HOLDING: list[dict[str, Any]] = [
    {},
    switch(step="aborted", source="prod-v2", target="prod-v3"),
    {"backup": BACKUP, "reads": dict.fromkeys(TABLES, Consumption(until=NOW))},
    {"backup": replace(BACKUP, verified=True), "output": None},
    {"backup": replace(BACKUP, verified=True, released=True), "output": None, "tables": ()},
]


def unmet(**changes: Any) -> set[str]:
    return {each.name for each in conditions(replace(READY, **changes)) if not each.holds}


@pytest.mark.parametrize("changes", HOLDING)
def test_tables_that_nobody_uses_may_be_deleted(changes: dict[str, Any]) -> None:
    assert unmet(**changes) == set()
    assert require(replace(READY, **changes))


@pytest.mark.parametrize(("name", "changes"), CASES)
def test_each_condition_keeps_the_tables(name: str, changes: dict[str, Any]) -> None:
    assert name in unmet(**changes)
    with pytest.raises(RetirementError, match="Nothing was changed") as raised:
        require(replace(READY, **changes))
    known = {each["name"]: each for each in raised.value.conditions}
    assert known[name]["command"]
    assert known[name]["problem"]


def test_every_condition_is_made_to_fail() -> None:
    assert {name for name, _ in CASES} == {each.name for each in conditions(READY)}


def test_no_command_takes_a_protection_off_or_deletes_anything() -> None:
    told = " ".join(each.command for _, changes in CASES for each in conditions(replace(READY, **changes)))
    assert not {"down", "delete", "unprotect", "protection", "--yes"} & set(told.replace("-", " ").split())
