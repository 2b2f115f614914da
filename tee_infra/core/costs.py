"""What an environment costs: estimates from the dated list prices in `core.prices`, never a bill.

At rest means that nobody uses it: what is stored and what is kept running costs, requests do not.
"""

from typing import Final

from tee_infra.core import prices
from tee_infra.core.alarms import Alarm, alarms
from tee_infra.core.catalog import TABLES
from tee_infra.core.settings import Settings

PRICES_AS_OF: Final = prices.AS_OF
"""Goes beside every amount that anybody gets to see."""


def monthly_usd(settings: Settings, stored_bytes: int) -> float:
    """What an environment costs at rest, in US dollars a month: an estimate.

    `stored_bytes` is what its tables and their indexes hold together. Backups, audit events and their files are
    left out: they grow with use.
    """
    amount = storage_usd(settings.table_class, stored_bytes)
    if settings.point_in_time_recovery_days is not None:
        amount += stored_bytes / prices.GB * prices.RECOVERY_GB_MONTH
    if settings.billing_mode == "PROVISIONED":
        parts = sum(1 + len(table.indexes) for table in TABLES)
        reads, writes = settings.max_read_units or 0, settings.max_write_units or 0
        amount += parts * provisioned_usd(settings.table_class, reads, writes)
    if settings.alarms:
        amount += sum(alarm_usd(alarm) for alarm in alarms(settings.name)) + prices.DASHBOARD_MONTH
    # The audit trail has a key of its own.
    keys = settings.customer_managed_key + (settings.audit != "off")
    return amount + keys * prices.KEY_MONTH


def storage_usd(table_class: prices.TableClass, stored_bytes: int) -> float:
    """A month of storage."""
    return stored_bytes / prices.GB * prices.STORAGE_GB_MONTH[table_class]


def provisioned_usd(table_class: prices.TableClass, reads: int, writes: int) -> float:
    """A month of provisioned capacity: `reads` and `writes` are units a second, used or not."""
    hourly = reads * prices.READ_UNIT_HOUR[table_class] + writes * prices.WRITE_UNIT_HOUR[table_class]
    return hourly * prices.HOURS_PER_MONTH


def alarm_usd(alarm: Alarm) -> float:
    """A month of an alarm."""
    metrics = prices.BAND_METRICS if alarm.band_width is not None else len(alarm.metrics)
    return metrics * prices.ALARM_METRIC_MONTH
