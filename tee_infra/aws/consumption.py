"""Until when capacity of tables and indexes was consumed, by CloudWatch.

DynamoDB publishes consumption by table and by index, each under its own dimensions, and nothing for a minute without
any ("DynamoDB metrics and dimensions" in its developer guide). CloudWatch keeps sums of an hour or more for 455 days.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from tee_infra.aws.connection import AwsError, Connection, aws_errors
from tee_infra.core.cutover.retirement import Consumption
from tee_infra.core.resources.alarms import NAMESPACE
from tee_infra.core.unreadable import Unreadable

READS: Final = "ConsumedReadCapacityUnits"
WRITES: Final = "ConsumedWriteCapacityUnits"
_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
_REMEMBERED: Final = timedelta(days=14)
_KEPT: Final = timedelta(days=454)
_MOST_PAGES: Final = 100


@dataclass
class _Sums:
    """The periods of one metric: their begin -> the units. `status` is that of the last answer."""

    periods: dict[datetime, float]
    status: str = ""


class ConsumedCapacity:
    """CloudWatch of one account and region, through botocore's client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @classmethod
    def connect(cls, connection: Connection) -> Self:
        """CloudWatch at `connection`. Sends no request yet."""
        with aws_errors("opening CloudWatch"):
            return cls(connection.session().client("cloudwatch", endpoint_url=connection.endpoint))

    def until(
        self, metric: str, resources: Mapping[str, Mapping[str, str]], now: datetime
    ) -> dict[str, Consumption | Unreadable]:
        """Until when each of `resources` (name -> dimensions) consumed capacity, to the end of a day in UTC.

        `metric` is `READS` or `WRITES`. A metric whose answer is not complete is unreadable.
        """
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        try:
            with aws_errors(f"reading {metric}"):
                sums = self._sums(metric, resources, midnight - _KEPT, midnight + _DAY, _DAY)
        except AwsError as error:
            return dict.fromkeys(resources, Unreadable(reason=error.message))
        return {name: _consumption(sums[f"m{number}"], now) for number, name in enumerate(resources)}

    def peak(self, metric: str, resources: Mapping[str, Mapping[str, str]], now: datetime) -> float:
        """The most units a second that one of `resources` consumed in a minute of the last 14 days; 0: none.

        Raises `AwsError`, also for an answer that is not complete.
        """
        with aws_errors(f"reading {metric}"):
            sums = self._sums(metric, resources, now - _REMEMBERED, now, _MINUTE)
        if unread := [each.status for each in sums.values() if each.status != "Complete"]:
            raise AwsError(f"reading {metric}", f"CloudWatch's answer is not complete ({unread[0] or 'no result'})")
        return max((units for each in sums.values() for units in each.periods.values()), default=0.0) / 60

    def _sums(
        self,
        metric: str,
        resources: Mapping[str, Mapping[str, str]],
        begin: datetime,
        end: datetime,
        period: timedelta,
    ) -> dict[str, _Sums]:
        queries = [
            _query(f"m{number}", metric, dimensions, period) for number, dimensions in enumerate(resources.values())
        ]
        found = {query["Id"]: _Sums({}) for query in queries}
        more: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            answer = self._client.get_metric_data(MetricDataQueries=queries, StartTime=begin, EndTime=end, **more)
            if answer.get("Messages"):
                raise AwsError(f"reading {metric}", f"CloudWatch says: {answer['Messages'][0].get('Value', '')}")
            for result in answer["MetricDataResults"]:
                _note(found, result, metric)
            if not answer.get("NextToken"):
                return found
            more = {"NextToken": answer["NextToken"]}
        raise AwsError(f"reading {metric}", f"the answer does not end after {_MOST_PAGES} pages")


def _note(found: dict[str, _Sums], result: dict[str, Any], metric: str) -> None:
    moments, values = result["Timestamps"], result["Values"]
    sums = found.get(result["Id"])
    if sums is None or len(moments) != len(values) or not all(math.isfinite(value) and value >= 0 for value in values):
        raise AwsError(f"reading {metric}", "the reply is not CloudWatch's: no sums of units at their times")
    sums.status = result["StatusCode"]
    for moment, value in zip(moments, values, strict=True):
        begun = moment.astimezone(UTC)
        sums.periods[begun] = sums.periods.get(begun, 0.0) + value


def _query(name: str, metric: str, dimensions: Mapping[str, str], period: timedelta) -> dict[str, Any]:
    pairs = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    measured = {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": pairs}
    return {"Id": name, "MetricStat": {"Metric": measured, "Period": int(period.total_seconds()), "Stat": "Sum"}}


def _consumption(sums: _Sums, now: datetime) -> Consumption | Unreadable:
    if sums.status != "Complete":
        return Unreadable(reason=f"CloudWatch's answer is not complete ({sums.status or 'no result'})")
    used = [day for day, units in sums.periods.items() if units > 0]
    return Consumption(until=min(max(used) + _DAY, now) if used else None)
