"""The cost of one resource, from the inputs in the engine's events: numbers, never the inputs themselves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from tee_infra.core.cost import prices

Inputs = Mapping[str, Any]

TABLE: Final = "aws:dynamodb/table:Table"

# Types without a price, or whose price begins with use: requests, log files, messages.
_FREE_AT_REST: Final = (
    "aws:budgets/",
    "aws:cloudtrail/",
    "aws:cloudwatch/event",
    "aws:cloudwatch/logGroup:",
    "aws:dynamodb/resourcePolicy:",
    "aws:iam/",
    "aws:kms/alias:",
    "aws:s3/",
    "aws:sns/",
    "aws:ssm/",
)


@dataclass(frozen=True, kw_only=True)
class Cost:
    """An estimate in US dollars a month: `usd` at rest, `gb_usd` for every GB that it stores.

    `most_requests_usd` is an upper bound on the cost of its requests, enforced by its throughput cap; None: no cap.
    """

    usd: float = 0.0
    gb_usd: float = 0.0
    most_requests_usd: float | None = 0.0


def estimate(type_: str, inputs: Inputs) -> Cost | None:
    """The cost of a resource of Pulumi's type `type_`. None where its price is not known here.

    `inputs` are as in the engine's events: an unknown or secret value is a string in place of a number, and makes the
    cost unknown.
    """
    price = _PRICES.get(type_)
    if price is None:
        return Cost() if type_.startswith(_FREE_AT_REST) else None
    try:
        return price(inputs)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _table(inputs: Inputs) -> Cost:
    table_class: prices.TableClass = inputs.get("tableClass") or "STANDARD"
    recovery = prices.RECOVERY_GB_MONTH if inputs.get("pointInTimeRecovery", {}).get("enabled") else 0.0
    parts: list[Inputs] = [inputs, *inputs.get("globalSecondaryIndexes", ())]
    provisioned = inputs.get("billingMode") != "PAY_PER_REQUEST"
    units = [_provisioned(part) if provisioned else _cap(part) for part in parts]
    caps = [prices.capped_usd(table_class, *cap) for cap in units if cap is not None]
    return Cost(
        usd=sum(prices.provisioned_usd(table_class, *cap) for cap in units if cap is not None) if provisioned else 0.0,
        gb_usd=prices.STORAGE_GB_MONTH[table_class] + recovery,
        most_requests_usd=0.0 if provisioned else sum(caps) if None not in units else None,
    )


def _provisioned(part: Inputs) -> tuple[int, int]:
    return int(part["readCapacity"]), int(part["writeCapacity"])


def _cap(part: Inputs) -> tuple[int, int] | None:
    """The maximum read and write units a second. One that is left out, or -1, has no limit."""
    cap = part.get("onDemandThroughput") or {}
    reads, writes = int(cap.get("maxReadRequestUnits", -1)), int(cap.get("maxWriteRequestUnits", -1))
    return (reads, writes) if reads > 0 and writes > 0 else None


def _alarm(inputs: Inputs) -> Cost:
    queries = cast("Sequence[Inputs]", inputs.get("metricQueries") or ())
    metrics = sum(query.get("metric") is not None for query in queries) or 1
    return Cost(usd=prices.alarm_usd(metrics, band="thresholdMetricId" in inputs))


_PRICES: Final[dict[str, Callable[[Inputs], Cost]]] = {
    TABLE: _table,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:cloudwatch/dashboard:Dashboard": lambda _: Cost(usd=prices.DASHBOARD_MONTH),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": lambda _: Cost(usd=prices.METRIC_MONTH),
    "aws:kms/key:Key": lambda _: Cost(usd=prices.KEY_MONTH),
}
