"""The program of the bare tables: as they are, but protected; and that of an archived slot."""

from typing import Any

from tee_infra.core.cutover.adoption import Cap, LegacyTable
from tee_infra.core.environments import parse_environment
from tee_infra.core.settings import settings_for
from tee_infra.core.tables.create_request import TableDefinition
from tee_infra.core.target import AwsTarget
from tee_infra.program import deploy
from tee_infra.program.legacy import deploy_legacy
from tests.support.recording import ACCOUNT, Run, record, standard

REQUEST: dict[str, Any] = {
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("id", "at", "email", "state")],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
    "LocalSecondaryIndexes": [
        {
            "IndexName": "by-state",
            "KeySchema": [
                {"AttributeName": "id", "KeyType": "HASH"},
                {"AttributeName": "state", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
    "TableClass": "STANDARD_INFREQUENT_ACCESS",
    "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "arn:own-key"},
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
}
INDEX = {
    "IndexName": "by-email",
    "KeySchema": [{"AttributeName": "email", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["name"]},
}
TAGS = {"cost-center": "42", "tee:stack": "tee-infra/legacy"}
SETTINGS = settings_for(parse_environment("prod"), {"name": "prod", "owner": "platform"})


def legacy(*tables: LegacyTable, release: bool = False) -> Run:
    target = AwsTarget(account_id=ACCOUNT, region="us-east-1", environment="legacy")
    return record("legacy", program=lambda: deploy_legacy(target, SETTINGS, tables, release=release))


def on_demand() -> LegacyTable:
    request = REQUEST | {"BillingMode": "PAY_PER_REQUEST", "GlobalSecondaryIndexes": [INDEX]}
    definition = TableDefinition(request=request, ttl_attribute="until", tags=TAGS)
    return LegacyTable(name="tee-admin", definition=definition, cap=Cap(reads=12_000, writes=4_000))


def provisioned() -> LegacyTable:
    units = {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 3}}
    request = REQUEST | {"BillingMode": "PROVISIONED", "GlobalSecondaryIndexes": [INDEX | units], **units}
    return LegacyTable(name="tee-admin", definition=TableDefinition(request=request, recovery_days=7))


def test_a_bare_table_is_as_it_was_and_protected() -> None:
    made = legacy(on_demand()).one("Table", "legacy-tee-admin")
    inputs, cap = made.inputs, {"maxReadRequestUnits": 12_000, "maxWriteRequestUnits": 4_000}
    assert (made.protect, inputs["deletionProtectionEnabled"]) == (True, True)
    assert inputs["pointInTimeRecovery"] == {"enabled": True, "recoveryPeriodInDays": 35}
    assert (inputs["name"], inputs["hashKey"], inputs["rangeKey"]) == ("tee-admin", "id", "at")
    assert (inputs["billingMode"], inputs["tableClass"]) == ("PAY_PER_REQUEST", "STANDARD_INFREQUENT_ACCESS")
    assert inputs["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": "arn:own-key"}
    assert (inputs["ttl"], inputs["tags"]) == ({"enabled": True, "attributeName": "until"}, {"cost-center": "42"})
    assert (inputs["streamEnabled"], inputs["streamViewType"]) == (True, "KEYS_ONLY")
    assert inputs["onDemandThroughput"] == cap
    (index,) = inputs["globalSecondaryIndexes"]
    assert (index["name"], index["nonKeyAttributes"], index["onDemandThroughput"]) == ("by-email", ["name"], cap)
    assert [index["name"] for index in inputs["localSecondaryIndexes"]] == ["by-state"]


def test_a_provisioned_table_keeps_its_capacity() -> None:
    inputs = legacy(provisioned()).one("Table", "legacy-tee-admin").inputs
    assert (inputs["billingMode"], inputs["readCapacity"], inputs["writeCapacity"]) == ("PROVISIONED", 5, 3)
    assert inputs["globalSecondaryIndexes"][0]["readCapacity"] == 5
    assert "onDemandThroughput" not in inputs
    assert inputs["pointInTimeRecovery"]["recoveryPeriodInDays"] == 35


def test_bare_tables_have_alarms_and_a_trail_and_no_policy_role_or_parameter() -> None:
    run = legacy(on_demand())
    (trail,) = run.of("Trail")
    kinds = [
        {field["field"]: field.get("equals") for field in selector["fieldSelectors"]}.get("eventCategory")
        for selector in trail.inputs["advancedEventSelectors"]
    ]
    assert kinds == [["Data"], ["Data"]]
    assert f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/tee-admin" in str(trail.inputs["advancedEventSelectors"])
    assert "tee-admin-throttles" in {alarm.inputs["name"] for alarm in run.of("MetricAlarm")}
    assert [run.of(kind) for kind in ("ResourcePolicy", "Parameter", "Policy", "Budget")] == [[], [], [], []]
    assert [role.name for role in run.of("Role")] == ["audit-log-writer"]


def test_before_they_are_deleted_they_lose_their_protections_and_nothing_else() -> None:
    before, after = (legacy(on_demand(), release=release).one("Table", "legacy-tee-admin") for release in (False, True))
    assert not after.protect
    assert after.inputs == before.inputs | {"deletionProtectionEnabled": False}


def test_without_tables_only_the_evidence_stays_and_is_protected() -> None:
    run = legacy()
    assert {one.parent_name for one in run if one.is_aws} == {"audit"}
    assert all(one.protect for one in run.of("Bucket"))


def test_an_archived_slot_has_neither_tables_nor_what_watches_them() -> None:
    archived, whole = record("prod", {"archived": True}), standard("prod")
    kinds = {one.type for one in whole if one.is_aws} - {one.type for one in archived if one.is_aws}
    assert kinds == {
        "aws:dynamodb/table:Table",
        "aws:dynamodb/resourcePolicy:ResourcePolicy",
        "aws:cloudwatch/dashboard:Dashboard",
    }
    assert [one.name for one in archived.of("MetricAlarm")] == ["audit-other-callers-alarm"]
    assert [one.name for one in archived.of("Parameter")] == ["configuration-active-slot"]
    assert archived.one("aws:kms/key:Key", "data-key").protect
    assert (archived.outputs["tables"], archived.outputs["dashboard_url"]) == ({}, None)


def test_an_archived_slot_gets_its_tables_without_protections_just_before_they_go() -> None:
    run = record("prod", {"archived": True}, program=lambda: deploy(release=True))
    assert {one.inputs["deletionProtectionEnabled"] for one in run.of("Table")} == {False}
    assert not any(one.protect for one in run.of("Table"))
    assert all(one.protect for one in run.of("Bucket"))
    names = [one.name for one in standard("prod")]
    assert sorted(one.name for one in run) == sorted(names)
