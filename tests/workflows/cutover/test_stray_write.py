"""An app that writes past the client, to the slot that was open: its write is found, shown, and never overwritten."""

import time
from datetime import timedelta
from typing import Any

import pytest

from tee_infra.core.cutover import tail_comparison
from tee_infra.core.cutover.migration import migration_side
from tee_infra.core.environments import parse_environment
from tee_infra.workflows.cutover import migrate, switch, tail
from tee_infra.workflows.cutover.migrate import StillDifferentError, run_migration
from tee_infra.workflows.cutover.plan import MigrationPlan, plan_migration
from tee_infra.workflows.cutover.retirement_facts import SlotInUse, measure_retirement
from tee_infra.workflows.cutover.status import read_status
from tee_infra.workflows.cutover.switch import Bounds
from tee_infra.workflows.cutover.tail import TailState
from tests.support.cutover_live import Live, end_of
from tests.support.cutover_live import migrate as copy
from tests.support.cutover_migrating import FAST, key
from tests.support.homes import Moto

BACK = ("prod-v2", "prod")


@pytest.fixture
def live(moto_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Live:
    monkeypatch.setattr(switch, "Bounds", lambda: Bounds(long_lease=0.1, short_lease=0.1))
    monkeypatch.setattr(tail, "_SAY_SECONDS", 0.1)
    monkeypatch.setattr(migrate, "_TICK_SECONDS", 0.05)
    monkeypatch.setattr(tail_comparison, "EARLY", ())
    return Live(moto_endpoint, seed=0)


def put(live: Live, slot: str, name: str, value: str, table: str = "tee-admin") -> None:
    live.context.dynamodb.client.put_item(TableName=f"{slot}-{table}", Item=key(name) | {"value": {"S": value}})


def present(live: Live, slot: str, table: str = "tee-admin") -> dict[str, str]:
    found = live.context.dynamodb.client.scan(TableName=f"{slot}-{table}", ConsistentRead=True)["Items"]
    return {item["pk"]["S"]: item["value"]["S"] for item in found if "value" in item}


def plan(live: Live) -> MigrationPlan:
    dynamodb, sides = live.context.dynamodb, (migration_side(BACK[0]), migration_side(BACK[1]))
    return plan_migration(dynamodb, dynamodb, live.context.items, sides)


def run(live: Live) -> Any:
    return run_migration(plan(live), live.context.items, until_caught_up=True, report=lambda _: None, tuning=FAST)


def unmet(live: Live) -> dict[str, tuple[str, str]]:
    with switch.prepared_switch(live.context, *BACK, "rollback", loss_accepted=False) as prepared:
        return {each.name: (each.problem, each.command) for each in prepared.conditions if not each.holds}


def shown(live: Live) -> int | None:
    found = {(each.source, each.target): each for each in read_status(live.context.items, parse_environment("prod"))}
    report = found[BACK].report
    return report.tables["tee-admin"].different if report else None


def follows_back(state: TailState) -> bool:
    """The first lag is known once it has read again what the migration wrote to the new slot."""
    return state.following and state.source == "prod-v2" and state.lag_seconds is not None


def test_it_is_found_soon_shown_everywhere_and_kept_until_a_person_has_decided(
    live: Live, moto_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("kept", "given up", "same"):
        put(live, "prod", name, "before")
    copy(live.context)
    with live.tail() as states:
        end_of(states, lambda state: state.following)
        live.switch("prod", "prod-v2")
        end_of(states, follows_back)
        put(live, "prod", "kept", "stray")
        put(live, "prod", "given up", "stray")
        put(live, "prod-v2", "same", "after")
        monkeypatch.setattr(tail_comparison, "EARLY", (timedelta(seconds=0.1),))
        end_of(states, lambda state: state.different == 2)
        time.sleep(0.3)
    strays = {"kept": "stray", "given up": "stray", "same": "after"}
    assert present(live, "prod") == strays
    assert present(live, "prod-v2") == {"kept": "before", "given up": "before", "same": "after"}
    assert shown(live) == 2
    assert unmet(live)["verified"] == ("tee-admin: 2 items differ", "tee-infra migrate status prod")
    subject = SlotInUse.connect("prod", Moto(endpoint=moto_endpoint), lambda _: None, command="tee-infra archive prod")
    assert measure_retirement(subject, timedelta(days=7), None).different["tee-admin"] == 2

    monkeypatch.setattr(tail_comparison, "EARLY", ())
    with live.tail() as states:  # another process knows it from the journal
        end_of(states, lambda state: state.following and state.different == 2)
        put(live, "prod-v2", "kept", "stray")  # the person keeps this one
        end_of(states, lambda state: state.lag_seconds is not None)
    assert present(live, "prod") == strays

    put(live, "prod", "late", "stray", table="tee-schedules")
    assert plan(live).different == {"tee-admin": 2, "tee-schedules": 0, "tee-sync-status": 0}
    with pytest.raises(
        StillDifferentError, match=r"tee-schedules .* an app may have written it, so it was kept"
    ) as end:
        run(live)  # the plan has named the one that is given up, and not the late one
    assert end.value.next == "Look at both versions: tee-infra data validate --from prod-v2 --to prod"
    assert present(live, "prod") == present(live, "prod-v2") == {"kept": "stray", "given up": "before", "same": "after"}
    assert present(live, "prod", "tee-schedules") == {"late": "stray"}
    assert plan(live).different == {"tee-admin": 0, "tee-schedules": 1, "tee-sync-status": 0}
