"""AWS's prices in US dollars: list prices of us-east-1 on one day, without free allotments or discounts.

Sources: the pricing pages of DynamoDB, CloudWatch and KMS. Other regions cost up to half as much again.
When a price changes, change it here together with `AS_OF`.
"""

from datetime import date
from typing import Final, Literal

TableClass = Literal["STANDARD", "STANDARD_INFREQUENT_ACCESS"]

AS_OF: Final = date(2025, 11, 1)
"""The day on which every price here was the list price."""

HOURS_PER_MONTH: Final = 730
"""The hours in a month of AWS's own calculator."""

GB: Final = 2**30
"""DynamoDB bills binary gigabytes."""

STORAGE_GB_MONTH: Final[dict[TableClass, float]] = {"STANDARD": 0.25, "STANDARD_INFREQUENT_ACCESS": 0.10}
RECOVERY_GB_MONTH: Final = 0.20
"""Point-in-time recovery, for any number of days."""

MILLION_READS: Final[dict[TableClass, float]] = {"STANDARD": 0.125, "STANDARD_INFREQUENT_ACCESS": 0.155}
MILLION_WRITES: Final[dict[TableClass, float]] = {"STANDARD": 0.625, "STANDARD_INFREQUENT_ACCESS": 0.78}
"""A million request units on demand."""

READ_UNIT_HOUR: Final[dict[TableClass, float]] = {"STANDARD": 0.00013, "STANDARD_INFREQUENT_ACCESS": 0.00016}
WRITE_UNIT_HOUR: Final[dict[TableClass, float]] = {"STANDARD": 0.00065, "STANDARD_INFREQUENT_ACCESS": 0.00081}
"""A unit of provisioned capacity for an hour."""

ALARM_METRIC_MONTH: Final = 0.10
"""An alarm is billed for every metric that it watches."""
BAND_METRICS: Final = 3
"""An anomaly band counts as three metrics: the metric and both edges of the band."""
METRIC_MONTH: Final = 0.30
"""A custom metric."""
DASHBOARD_MONTH: Final = 3.00
KEY_MONTH: Final = 1.00
"""A customer-managed KMS key. Each of its first two rotations adds as much again."""


def storage_usd(table_class: TableClass, stored_bytes: int) -> float:
    """A month of storage."""
    return stored_bytes / GB * STORAGE_GB_MONTH[table_class]


def provisioned_usd(table_class: TableClass, reads: int, writes: int) -> float:
    """A month of provisioned capacity: `reads` and `writes` are units a second, used or not."""
    return HOURS_PER_MONTH * (reads * READ_UNIT_HOUR[table_class] + writes * WRITE_UNIT_HOUR[table_class])


def capped_usd(table_class: TableClass, reads: int, writes: int) -> float:
    """The maximum cost of on-demand requests in a month: every second at the cap of `reads` and `writes` units."""
    seconds = HOURS_PER_MONTH * 3600
    return seconds / 1e6 * (reads * MILLION_READS[table_class] + writes * MILLION_WRITES[table_class])


def alarm_usd(metrics: int, *, band: bool) -> float:
    """A month of an alarm on `metrics` metrics; `band`: with anomaly detection."""
    return metrics * (BAND_METRICS if band else 1) * ALARM_METRIC_MONTH
