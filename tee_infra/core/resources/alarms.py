"""The alarms of an environment as plain data, with the dimensions under which DynamoDB publishes each metric.

CloudWatch accepts an alarm on a metric that does not exist, and it never fires. DynamoDB publishes each metric
under few sets of dimensions only ("DynamoDB metrics and dimensions" in its developer guide): consumption and throttle
events by table or index, latency and errors by table and operation, and UserErrors by account only, so no environment
has an alarm on it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tee_infra.core import names
from tee_infra.core.tables.catalog import Table

NAMESPACE: Final = "AWS/DynamoDB"

OPERATIONS: Final = ("GetItem", "Query", "PutItem", "UpdateItem")
"""The app's most frequent calls: alarms on one expression take ten metrics at most, two for each of these."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One DynamoDB metric as CloudWatch knows it. `id` names it in expressions; `period` is in seconds."""

    id: str
    name: str
    dimensions: dict[str, str]
    statistic: str = "Sum"
    period: int = 60


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """An alarm on one metric, or on `expression` over several.

    It fires when `datapoints` of the last `periods` are beyond `threshold`, or outside the band of
    `band_width` standard deviations around the usual value.
    """

    name: str
    description: str
    metrics: tuple[Metric, ...]
    expression: str | None = None
    threshold: float | None = None
    band_width: int | None = None
    periods: int = 1
    datapoints: int = 1


def alarms(environment: str, tables: Sequence[Table]) -> list[Alarm]:
    """Every alarm of an environment: for each of its tables, and for each of their indexes."""
    found: list[Alarm] = []
    for table in tables:
        name = names.table(environment, table.name)
        found += [_throttles(resource, dimensions) for resource, dimensions in _resources(name, table)]
        found += [
            _throttled_share(name),
            _system_errors(name),
            _latency(name, "GetItem", milliseconds=25),
            _latency(name, "Query", milliseconds=50),
            _unusual(name, "ConsumedReadCapacityUnits", "reads"),
            _unusual(name, "ConsumedWriteCapacityUnits", "writes"),
        ]
    return found


def _resources(name: str, table: Table) -> Iterator[tuple[str, dict[str, str]]]:
    """A table and its indexes, each with its own dimensions: an index is throttled without its table being so."""
    yield name, {"TableName": name}
    for index in table.indexes:
        yield f"{name}-{index.name}", {"TableName": name, "GlobalSecondaryIndexName": index.name}


def _throttles(resource: str, dimensions: dict[str, str]) -> Alarm:
    return Alarm(
        name=names.alarm(resource, "throttles"),
        description=f"{resource} throttled more than 10 reads and writes in 5 minutes",
        metrics=(
            Metric(id="reads", name="ReadThrottleEvents", dimensions=dimensions, period=300),
            Metric(id="writes", name="WriteThrottleEvents", dimensions=dimensions, period=300),
        ),
        expression="FILL(reads, 0) + FILL(writes, 0)",
        threshold=10,
    )


def _throttled_share(table: str) -> Alarm:
    throttled = _per_operation(table, "ThrottledRequests", "throttled", "Sum")
    # Every successful request is one sample of its latency.
    succeeded = _per_operation(table, "SuccessfulRequestLatency", "succeeded", "SampleCount")
    refused = _total(throttled)
    return Alarm(
        name=names.alarm(table, "throttled-share"),
        description=f"{table} throttled more than 2 % of its requests in 5 minutes",
        metrics=(*throttled, *succeeded),
        expression=f"100 * ({refused}) / ({refused} + {_total(succeeded)})",
        threshold=2,
    )


def _system_errors(table: str) -> Alarm:
    metrics = _per_operation(table, "SystemErrors", "errors", "Sum", period=60)
    return Alarm(
        name=names.alarm(table, "system-errors"),
        description=f"requests to {table} failed with DynamoDB system errors in 2 of 3 minutes",
        metrics=metrics,
        expression=_total(metrics),
        threshold=0,
        periods=3,
        datapoints=2,
    )


def _latency(table: str, operation: str, *, milliseconds: int) -> Alarm:
    return Alarm(
        name=names.alarm(table, f"{operation.lower()}-latency"),
        description=f"p99 latency of {operation} on {table} was above {milliseconds} ms for 5 minutes",
        metrics=(
            Metric(
                id="latency",
                name="SuccessfulRequestLatency",
                dimensions={"TableName": table, "Operation": operation},
                statistic="p99",
            ),
        ),
        threshold=milliseconds,
        periods=5,
        datapoints=5,
    )


def _unusual(table: str, metric: str, what: str) -> Alarm:
    return Alarm(
        name=names.alarm(table, f"unusual-{what}"),
        description=f"{table} consumed far more {what} than usual at this hour for 15 minutes",
        metrics=(Metric(id="consumed", name=metric, dimensions={"TableName": table}, period=300),),
        band_width=3,
        periods=3,
        datapoints=3,
    )


def _per_operation(table: str, metric: str, id_: str, statistic: str, period: int = 300) -> tuple[Metric, ...]:
    return tuple(
        Metric(
            id=f"{id_}_{operation.lower()}",
            name=metric,
            dimensions={"TableName": table, "Operation": operation},
            statistic=statistic,
            period=period,
        )
        for operation in OPERATIONS
    )


def _total(metrics: Sequence[Metric]) -> str:
    """Fills with zero: a minute without an event has no datapoint, and a sum with a missing term is missing."""
    return " + ".join(f"FILL({metric.id}, 0)" for metric in metrics)
