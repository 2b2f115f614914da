import pytest

from tee_infra.core.alarms import Alarm, alarms
from tee_infra.core.catalog import TABLES
from tee_infra.core.costs import PRICES_AS_OF, alarm_usd, monthly_usd, provisioned_usd
from tee_infra.core.environments import parse_environment
from tee_infra.core.settings import Settings, settings_for

GB = 2**30


def settings(name: str, **overrides: object) -> Settings:
    return settings_for(parse_environment(name), {"name": name, "owner": "platform", **overrides})


def feature(**overrides: object) -> Settings:
    return settings("feature-new-auth", branch="feature/new-auth", expires_at="2026-12-01T00:00:00Z", **overrides)


def test_the_prices_have_a_date() -> None:
    assert PRICES_AS_OF.year >= 2025


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
    parts = len(TABLES) + sum(len(table.indexes) for table in TABLES)

    assert monthly_usd(provisioned, 0) == pytest.approx(parts * provisioned_usd("STANDARD", 10, 10))
    # The usual example of AWS's own page: 100 write units are $47.45 a month.
    assert provisioned_usd("STANDARD", 0, 100) == pytest.approx(47.45)


def test_an_alarm_costs_as_many_metrics_as_it_watches() -> None:
    by_name = {alarm.name: alarm for alarm in alarms("prod")}

    def cents(name: str) -> int:
        alarm: Alarm = by_name[f"prod-tee-admin-{name}"]
        return round(100 * alarm_usd(alarm))

    assert cents("getitem-latency") == 10
    assert cents("throttles") == 20
    assert cents("throttled-share") == 80
    assert cents("unusual-reads") == 30


def test_watching_production_costs_more_than_its_tables() -> None:
    assert monthly_usd(settings("prod"), 0) > monthly_usd(settings("prod", alarms=False), 0) + 6


def test_an_audit_trail_has_a_key_of_its_own() -> None:
    assert monthly_usd(settings("staging", audit="non_app"), 0) - monthly_usd(settings("staging"), 0) == pytest.approx(
        1
    )
