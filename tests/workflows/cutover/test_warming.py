"""A migration raises warm throughput beside the copy: what AWS refuses is reported, and the copy ends all the same."""

import io
import time
from contextlib import closing
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from urllib3 import HTTPResponse

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.cutover.facts import table_lines
from tee_infra.core.cutover.progress_report import Warming
from tee_infra.local import warm_throughput
from tee_infra.workflows.cutover import migrate, warming
from tee_infra.workflows.cutover.plan import MigrationPlan
from tee_infra.workflows.cutover.warming import Warmer
from tests.support.cutover_migrating import Slots

RAISED = {"ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 5_000}


@pytest.fixture
def slots(dynamodb: DynamoDb, monkeypatch: pytest.MonkeyPatch) -> Slots:
    """The index of one old table takes more than that of the new one."""
    monkeypatch.setattr(migrate, "_TICK_SECONDS", 0.05)
    monkeypatch.setattr(warming, "_POLL_SECONDS", 0.02)
    monkeypatch.setattr(warm_throughput, "SECONDS", 0.1)
    made = Slots(dynamodb)
    raise_it(dynamodb, "prod-tee-schedules", RAISED)
    while warm(made, "prod") != RAISED | {"Status": "ACTIVE"}:
        time.sleep(0.02)
    return made


def index(dynamodb: DynamoDb, table: str) -> dict[str, Any]:
    return dynamodb.described(table)["GlobalSecondaryIndexes"][0]


def raise_it(dynamodb: DynamoDb, table: str, wanted: dict[str, int]) -> None:
    update = {"IndexName": index(dynamodb, table)["IndexName"], "WarmThroughput": wanted}
    assert dynamodb.update_table({"TableName": table, "GlobalSecondaryIndexUpdates": [{"Update": update}]})


def warm(slots: Slots, slot: str) -> dict[str, Any]:
    return index(slots.dynamodb, f"{slot}-tee-schedules")["WarmThroughput"]


def refuse(slots: Slots, code: str, times: int = 1000) -> list[Any]:
    """AWS refuses so many UpdateTable; the requests."""
    asked: list[Any] = []

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        asked.append(request)
        if len(asked) > times:
            return None
        body = f'{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"no"}}'.encode()
        headers = {"content-type": "application/x-amz-json-1.0"}
        return AWSResponse(request.url, 400, headers, HTTPResponse(io.BytesIO(body), preload_content=False))

    slots.dynamodb.client.meta.events.register_first("before-send.dynamodb.UpdateTable", answer)
    return asked


def warmed(plan: MigrationPlan) -> dict[str, Warming]:
    with closing(Warmer(plan.ends, plan.warming)) as warmer:
        warmer.begin()
        while not warmer.settled:
            time.sleep(0.02)
        warmer.begin()
        return warmer.states()


def test_what_the_new_slot_lacks_is_raised_and_nothing_else(slots: Slots) -> None:
    assert slots.plan().warming.increases.keys() == {"tee-schedules"}
    assert warmed(slots.plan()) == {"tee-schedules": Warming(state="raised")}
    assert warm(slots, "prod-v2") == RAISED | {"Status": "ACTIVE"}
    assert warmed(slots.plan()) == {}


@pytest.mark.parametrize("code", ["AccessDeniedException", "LimitExceededException", "ValidationException"])
def test_a_refusal_is_reported_with_its_reason_and_not_repeated(slots: Slots, code: str) -> None:
    asked = refuse(slots, code)
    found = warmed(slots.plan())["tee-schedules"]
    assert (found.state, code in (found.problem or ""), len(asked)) == ("failed", True, 1)


def test_a_refusal_does_not_end_the_migration(slots: Slots) -> None:
    slots.fill(3)
    refuse(slots, "AccessDeniedException")
    result = slots.migrate()
    assert result.caught_up
    assert slots.differing() == {}
    found = result.report.tables["tee-schedules"].warming
    assert found is not None
    assert found.state == "failed"
    assert "warm throughput not raised: changing table 'prod-v2-tee-schedules'" in "\n".join(table_lines(result.report))


def test_a_table_that_is_being_changed_is_asked_again(slots: Slots) -> None:
    asked = refuse(slots, "ResourceInUseException", times=2)
    assert warmed(slots.plan()) == {"tee-schedules": Warming(state="raised")}
    assert len(asked) == 3


def test_an_increase_that_an_earlier_run_has_asked_for_is_waited_for(
    slots: Slots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm_throughput, "SECONDS", 0.5)
    plan = slots.plan()
    raise_it(slots.dynamodb, "prod-v2-tee-schedules", RAISED)
    asked = refuse(slots, "AccessDeniedException")
    assert warmed(plan) == {"tee-schedules": Warming(state="raised")}
    assert asked == []


def test_an_increase_that_never_comes_ends_the_wait(slots: Slots, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "_LONGEST_SECONDS", 0.05)
    refuse(slots, "ResourceInUseException")
    assert warmed(slots.plan()) == {"tee-schedules": Warming(state="failed", problem="not there after 0 minutes")}
