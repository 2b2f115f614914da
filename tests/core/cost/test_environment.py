from math import isclose

import pytest

from tee_infra.core.cost import prices
from tee_infra.core.cost.environment import PRICES_AS_OF, monthly_usd, most_requests_usd
from tee_infra.core.environments import parse_environment
from tee_infra.core.resources.alarms import alarms
from tee_infra.core.settings import Settings, settings_for
from tee_infra.core.tables.catalog import TABLES

GB = 2**30
PARTS = sum(1 + len(table.indexes) for table in TABLES)


def settings(name: str, **overrides: object) -> Settings:
    return settings_for(parse_environment(name), {"name": name, "owner": "platform", **overrides})


def feature(**overrides: object) -> Settings:
    return settings("feature-new-auth", branch="feature/new-auth", expires_at="2026-12-01T00:00:00Z", **overrides)


def test_the_prices_have_a_date() -> None:
    assert prices.AS_OF == PRICES_AS_OF


def test_a_feature_environment_costs_its_storage_and_nothing_else() -> None:
    assert monthly_usd(feature(), 0) == 0
    assert monthly_usd(feature(), 4 * GB) == pytest.approx(1.00)


@pytest.mark.parametrize(
    ("changed", "dollars"),
    [
        ({"table_class": "STANDARD_INFREQUENT_ACCESS"}, 10 * (0.10 - 0.25)),
        ({"point_in_time_recovery_days": 7}, 10 * 0.20),
        ({"customer_managed_key": True}, 1.00),
        ({"max_read_units": 1, "max_write_units": 1}, 0.00),
    ],
)
def test_what_a_setting_adds_to_ten_gigabytes(changed: dict[str, object], dollars: float) -> None:
    assert monthly_usd(feature(**changed), 10 * GB) - monthly_usd(feature(), 10 * GB) == pytest.approx(dollars)


def test_provisioned_capacity_is_paid_for_each_table_and_each_index() -> None:
    provisioned = feature(billing_mode="PROVISIONED", max_read_units=10, max_write_units=10)
    assert monthly_usd(provisioned, 0) == pytest.approx(PARTS * prices.provisioned_usd("STANDARD", 10, 10))
    assert prices.provisioned_usd("STANDARD", 0, 100) == pytest.approx(47.45)


def test_watching_is_paid_by_the_metric() -> None:
    watched = sum(3 if alarm.band_width else len(alarm.metrics) for alarm in alarms("staging", TABLES))
    added = monthly_usd(settings("staging"), 0) - monthly_usd(settings("staging", alarms=False), 0)
    assert added == pytest.approx(prices.DASHBOARD_MONTH + watched * 0.10)


def test_an_audit_trail_has_a_key_a_metric_and_an_alarm_of_its_own() -> None:
    added = monthly_usd(settings("staging", audit="non_app"), 0) - monthly_usd(settings("staging"), 0)
    assert added == pytest.approx(1.00 + 0.30 + 0.10)


def test_a_cap_bounds_what_requests_can_cost() -> None:
    assert prices.capped_usd("STANDARD", 5, 5) == pytest.approx(9.86, abs=0.01)
    most = most_requests_usd(feature())
    assert most is not None
    assert isclose(most, PARTS * prices.capped_usd("STANDARD", 25, 25))
    assert most_requests_usd(settings("prod")) is None
    assert most_requests_usd(feature(billing_mode="PROVISIONED")) == 0


def test_without_a_cap_an_hour_costs_as_much_as_is_said() -> None:
    assert prices.capped_usd("STANDARD", 40_000, 40_000) / prices.HOURS_PER_MONTH == pytest.approx(108)
