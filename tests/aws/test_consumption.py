"""Until when a table was used: by CloudWatch's sums, and unknown for every answer that is not complete."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tee_infra.aws.connection import AwsError
from tee_infra.aws.consumption import READS, WRITES, ConsumedCapacity
from tee_infra.core.cutover.retirement import Consumption
from tee_infra.core.unreadable import Unreadable
from tests.support.emulator import reset, session

NOW = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
MIDNIGHT = NOW.replace(hour=0, minute=0)
TABLE = {"tee-admin": {"TableName": "tee-admin"}}


class Answers:
    """A client with these answers, one for each request."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked = list(answers), list[Any]()

    def get_metric_data(self, **request: Any) -> Any:
        self.asked.append(request)
        return self.answers.pop(0)


def answer(*points: tuple[float, float], status: str = "Complete", more: str = "", **other: Any) -> dict[str, Any]:
    """`points` are (days ago, units)."""
    result = {
        "Id": "m0",
        "StatusCode": status,
        "Timestamps": [MIDNIGHT - timedelta(days=days) for days, _ in points],
        "Values": [units for _, units in points],
    }
    return {"MetricDataResults": [result], **({"NextToken": more} if more else {}), **other}


def until(*answers: Any) -> Consumption | Unreadable:
    return ConsumedCapacity(Answers(*answers)).until(READS, TABLE, NOW)["tee-admin"]


def test_a_day_with_consumption_counts_to_its_end() -> None:
    assert until(answer((30, 5.0), (10, 0.5), (3, 0.0))) == Consumption(until=MIDNIGHT - timedelta(days=9))
    assert until(answer((0, 1.0))) == Consumption(until=NOW)
    assert until(answer((0, 0.0), (1, 0.0))) == Consumption(until=None)
    assert until(answer()) == Consumption(until=None)


def test_every_page_counts() -> None:
    found = until(answer((30, 5.0), status="PartialData", more="next"), answer((2, 1.0)))
    assert found == Consumption(until=MIDNIGHT - timedelta(days=1))


@pytest.mark.parametrize(
    "wrong",
    [
        answer((30, 5.0), status="PartialData"),
        answer(status="InternalError"),
        answer(status="Forbidden"),
        answer((30, -1.0)),
        answer((30, float("nan"))),
        answer((30, float("inf"))),
        answer((30, 5.0), Messages=[{"Code": "x", "Value": "too many"}]),
        {"MetricDataResults": []},
        {"MetricDataResults": [{"Id": "m9", "StatusCode": "Complete", "Timestamps": [], "Values": []}]},
        {"MetricDataResults": [{"Id": "m0", "StatusCode": "Complete", "Timestamps": [NOW], "Values": []}]},
        {},
    ],
)
def test_an_answer_that_is_not_complete_is_not_zero(wrong: Any) -> None:
    assert isinstance(until(wrong), Unreadable)
    with pytest.raises(AwsError):
        ConsumedCapacity(Answers(wrong)).peak(READS, TABLE, NOW)


def test_an_answer_without_end_is_not_believed() -> None:
    assert isinstance(until(*(answer(more="next") for _ in range(200))), Unreadable)


def test_a_peak_is_the_highest_minute_by_second() -> None:
    assert ConsumedCapacity(Answers(answer((1, 600.0), (2, 1200.0)))).peak(WRITES, TABLE, NOW) == 20
    assert ConsumedCapacity(Answers(answer())).peak(WRITES, TABLE, NOW) == 0


def test_the_metric_of_a_table_and_of_its_index_are_two(moto_endpoint: str) -> None:
    reset(moto_endpoint)
    client = session().client("cloudwatch", endpoint_url=moto_endpoint)
    now = datetime.now(UTC)
    index = {"TableName": "tee-admin", "GlobalSecondaryIndexName": "by-date"}
    pairs = [{"Name": key, "Value": value} for key, value in index.items()]
    data = {"MetricName": READS, "Dimensions": pairs, "Timestamp": now - timedelta(days=3), "Value": 5}
    client.put_metric_data(Namespace="AWS/DynamoDB", MetricData=[data])
    found = ConsumedCapacity(client).until(READS, {**TABLE, "tee-admin/by-date": index}, now)
    assert found["tee-admin"] == Consumption(until=None)
    known = found["tee-admin/by-date"]
    assert isinstance(known, Consumption)
    assert known.until is not None
    assert timedelta(days=2) <= now - known.until <= timedelta(days=3)
