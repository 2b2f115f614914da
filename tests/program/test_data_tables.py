from dataclasses import replace
from typing import Any

import pulumi
import pytest

from tee_infra.core.tables import catalog
from tests.support.recording import Run, record, standard

CAP = {"maxReadRequestUnits": 25, "maxWriteRequestUnits": 25}


def table(run: Run, name: str) -> dict[str, Any]:
    return run.one("Table", f"data-{name}").inputs


def test_every_table_of_the_catalog_is_made(any_run: Run) -> None:
    assert {r.name for r in any_run.of("Table")} == {f"data-{spec.name}" for spec in catalog.TABLES}


def test_a_fourth_table_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    fourth = catalog.Table(name="tee-fourth", app_name="fourth", item=catalog.TABLES[0].item)
    monkeypatch.setattr(catalog, "VERSIONS", {1: (*catalog.TABLES, fourth)})
    for module in ("core.arns", "core.resources.access.people"):
        monkeypatch.setattr(f"tee_infra.{module}.TABLES", (*catalog.TABLES, fourth))

    run = record("prod")

    assert table(run, "tee-fourth")["name"] == "prod-tee-fourth"
    assert run.outputs["tables"]["tee-fourth"] == "prod-tee-fourth"
    assert any(r.inputs["name"] == "prod-tee-fourth-throttles" for r in run.of("MetricAlarm"))
    assert "table/prod-tee-fourth" in run.one("RolePolicy", "access-app-policy").inputs["policy"]


def test_keys_indexes_and_attributes_follow_the_catalog() -> None:
    inputs = table(standard("dev"), "tee-schedules")

    assert (inputs["name"], inputs["hashKey"], inputs["rangeKey"]) == ("dev-tee-schedules", "pk", "sk")
    assert inputs["attributes"] == [{"name": name, "type": "S"} for name in ("pk", "sk", "date", "startTime")]
    (index,) = inputs["globalSecondaryIndexes"]
    assert index["name"] == "by-date"
    assert index["projectionType"] == "ALL"
    assert index["keySchemas"] == [
        {"attributeName": "date", "keyType": "HASH"},
        {"attributeName": "startTime", "keyType": "RANGE"},
    ]
    assert not {"hashKey", "rangeKey"} & set(index)  # deprecated on an index


def with_an_index_more() -> dict[int, tuple[catalog.Table, ...]]:
    """A version 2, whose members also have an index."""
    by_team = catalog.Index(name="by-team", partition_key=catalog.Key("team"))
    members, *others = catalog.VERSIONS[1]
    return {**catalog.VERSIONS, 2: (replace(members, indexes=(*members.indexes, by_team)), *others)}


@pytest.mark.parametrize(
    ("stack", "settings", "indexes"),
    [
        ("prod", {}, []),
        ("prod", {"catalog_version": 1}, []),
        ("prod-v2", {"catalog_version": 2}, ["by-team"]),
        ("prod-v2", {}, []),
        ("staging", {}, ["by-team"]),
        ("dev", {"catalog_version": 1}, []),
        ("feature-new-auth", {}, ["by-team"]),
    ],
)
def test_an_environment_has_its_version_of_the_catalog(
    monkeypatch: pytest.MonkeyPatch, stack: str, settings: dict[str, Any], indexes: list[str]
) -> None:
    """Production and its slots stay at their version; all others follow the newest."""
    monkeypatch.setattr(catalog, "VERSIONS", with_an_index_more())

    run = record(stack, settings)

    assert [one["name"] for one in table(run, "tee-admin").get("globalSecondaryIndexes", [])] == indexes
    assert [one["name"] for one in table(run, "tee-schedules")["globalSecondaryIndexes"]] == ["by-date"]
    alarms = [r.inputs["name"] for r in run.of("MetricAlarm") if "by-team" in r.inputs["name"]]
    watched = {"prod-v2", "staging"} if indexes else set[str]()
    assert alarms == ([f"{stack}-tee-admin-by-team-throttles"] if stack in watched else [])
    assert all(f'"{index}"' in run.of("Dashboard")[0].inputs["dashboardBody"] for index in indexes if alarms)


def test_the_app_may_query_the_indexes_of_every_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slot's version may have an index where production's has none, or the newest one none any more."""
    monkeypatch.setattr(catalog, "VERSIONS", with_an_index_more())

    policy = record("prod", {"slots": ["prod-v2"]}).one("RolePolicy", "access-app-policy").inputs["policy"]

    assert "table/prod-tee-admin/index/*" in policy
    assert "table/prod-v2-tee-admin/index/*" in policy


def test_a_version_that_the_catalog_does_not_have_is_refused() -> None:
    with pytest.raises(pulumi.RunError, match="catalog_version is 7; allowed: 1"):
        record("prod-v2", {"catalog_version": 7})


@pytest.mark.parametrize("stack", ["prod", "prod-v2"])
def test_a_slot_is_born_with_what_a_switch_needs(stack: str) -> None:
    run = standard(stack)

    for name in ("tee-admin", "tee-schedules", "tee-sync-status"):
        made = run.one("Table", f"data-{name}")
        assert made.inputs["streamEnabled"] is True
        assert made.inputs["streamViewType"] == "NEW_AND_OLD_IMAGES"
        assert made.inputs["pointInTimeRecovery"]["enabled"] is True
        assert made.inputs["deletionProtectionEnabled"] is True
        assert made.protect is True
        assert [r for r in run.of("ResourcePolicy") if r.name == f"data-{name}-policy"]
        assert [r for r in run.of("MetricAlarm") if r.inputs["name"] == f"{stack}-{name}-throttles"]


def test_no_program_manages_warm_throughput(any_run: Run) -> None:
    for made in any_run.of("Table"):
        assert "warmThroughput" not in str(made.inputs)
        assert made.ignore_changes == ["warmThroughput", "globalSecondaryIndexes[*].warmThroughput"]


def test_an_index_may_hold_chosen_attributes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    index = catalog.Index(name="by-x", partition_key=catalog.Key("x", "N"), projection=("a", "b"))
    spec = catalog.Table(name="tee-x", app_name="x", item=catalog.TABLES[0].item, sort_key=None, indexes=(index,))
    monkeypatch.setattr(catalog, "VERSIONS", {1: (spec,)})

    inputs = table(record("dev"), "tee-x")

    assert "rangeKey" not in inputs
    assert inputs["globalSecondaryIndexes"][0] | {"onDemandThroughput": None} == {
        "name": "by-x",
        "keySchemas": [{"attributeName": "x", "keyType": "HASH"}],
        "projectionType": "INCLUDE",
        "nonKeyAttributes": ["a", "b"],
        "onDemandThroughput": None,
    }


@pytest.mark.parametrize(("stack", "units"), [("feature-x", 25), ("dev", 100), ("test", 100), ("staging", 1000)])
def test_caps_hold_on_the_table_and_on_every_index(stack: str, units: int) -> None:
    cap = {"maxReadRequestUnits": units, "maxWriteRequestUnits": units}
    for found in standard(stack).of("Table"):
        assert found.inputs["billingMode"] == "PAY_PER_REQUEST"
        assert found.inputs["onDemandThroughput"] == cap
        for index in found.inputs.get("globalSecondaryIndexes", []):
            assert index["onDemandThroughput"] == cap


def test_production_has_no_cap() -> None:
    for found in standard("prod").of("Table"):
        assert "onDemandThroughput" not in str(found.inputs)


def test_provisioned_capacity_holds_on_the_table_and_on_every_index() -> None:
    provisioned = {"billing_mode": "PROVISIONED", "max_read_units": 5, "max_write_units": 3}

    inputs = table(record("dev", provisioned), "tee-schedules")

    assert (inputs["billingMode"], inputs["readCapacity"], inputs["writeCapacity"]) == ("PROVISIONED", 5, 3)
    (index,) = inputs["globalSecondaryIndexes"]
    assert (index["readCapacity"], index["writeCapacity"]) == (5, 3)
    assert "onDemandThroughput" not in str(inputs)


def test_what_is_off_is_said_to_be_off() -> None:
    """A block that goes away changes nothing in AWS."""
    inputs = table(standard("dev"), "tee-admin")

    assert inputs["ttl"] == {"enabled": False}
    assert inputs["pointInTimeRecovery"] == {"enabled": False}
    assert inputs["serverSideEncryption"] == {"enabled": False}


def test_production_is_strict() -> None:
    run = standard("prod")
    inputs = table(run, "tee-sync-status")

    assert inputs["ttl"] == {"enabled": True, "attributeName": "expiresAt"}
    assert inputs["pointInTimeRecovery"] == {"enabled": True, "recoveryPeriodInDays": 35}
    assert inputs["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": "arn:of:data-key"}
    assert inputs["deletionProtectionEnabled"] is True
    assert (inputs["streamEnabled"], inputs["streamViewType"]) == (True, "NEW_AND_OLD_IMAGES")
    assert run.one("Key", "data-key").inputs["enableKeyRotation"] is True
    assert run.one("Alias", "data-key-alias").inputs == {"name": "alias/prod-tee", "targetKeyId": "key-of-data-key"}


@pytest.mark.parametrize(("stack", "policies"), [("prod", 3), ("prod-v2", 3), ("staging", 0), ("dev", 0)])
def test_production_tables_have_a_policy_of_their_own(stack: str, policies: int) -> None:
    run = standard(stack)

    assert len(run.of("ResourcePolicy")) == policies


def test_warm_throughput_is_never_managed(any_run: Run) -> None:
    assert "warmThroughput" not in str([r.inputs for r in any_run.of("Table")])


def test_the_table_class_is_a_setting() -> None:
    infrequent = record("dev", {"table_class": "STANDARD_INFREQUENT_ACCESS"})

    assert table(infrequent, "tee-admin")["tableClass"] == "STANDARD_INFREQUENT_ACCESS"
