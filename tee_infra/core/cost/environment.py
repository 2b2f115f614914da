"""The costs of an environment: estimates from the dated list prices in `core.cost.prices`, never a bill.

"At rest" is the cost without use: storage and running resources cost money, requests do not.
"""

from typing import Final

from tee_infra.core.cost import prices
from tee_infra.core.resources.alarms import alarms
from tee_infra.core.settings import Settings

PRICES_AS_OF: Final = prices.AS_OF
"""Shown beside every amount."""


def monthly_usd(settings: Settings, stored_bytes: int) -> float:
    """The cost of an environment at rest, in US dollars a month: an estimate.

    `stored_bytes` is the size of its tables and their indexes together. Backups, log files and audit events are left
    out: they grow with use.
    """
    amount = prices.storage_usd(settings.table_class, stored_bytes)
    if settings.point_in_time_recovery_days is not None:
        amount += stored_bytes / prices.GB * prices.RECOVERY_GB_MONTH
    if settings.billing_mode == "PROVISIONED":
        amount += _throughputs(settings) * prices.provisioned_usd(settings.table_class, *_units(settings))
    if settings.customer_managed_key:
        amount += prices.KEY_MONTH
    return amount + _watching_usd(settings)


def most_requests_usd(settings: Settings) -> float | None:
    """The most that an environment's requests can cost in a month: an upper bound, enforced by its caps.

    None without caps: such a table can spend $108 an hour before it reaches AWS's default quota.
    """
    if settings.billing_mode == "PROVISIONED":
        return 0.0
    if settings.max_read_units is None:
        return None
    return _throughputs(settings) * prices.capped_usd(settings.table_class, *_units(settings))


def _throughputs(settings: Settings) -> int:
    """Each table and each index has its own."""
    return sum(1 + len(table.indexes) for table in settings.tables)


def _watching_usd(settings: Settings) -> float:
    """Alarms with their dashboard; the audit trail's own key, and the metric and alarm for other callers."""
    amount = 0.0
    if settings.alarms:
        amount += prices.DASHBOARD_MONTH
        for alarm in alarms(settings.name, settings.tables):
            amount += prices.alarm_usd(len(alarm.metrics), band=alarm.band_width is not None)
    if settings.audit != "off":
        amount += prices.KEY_MONTH + prices.METRIC_MONTH
        amount += prices.alarm_usd(1, band=False) if settings.alarms else 0.0
    return amount


def _units(settings: Settings) -> tuple[int, int]:
    return settings.max_read_units or 0, settings.max_write_units or 0
