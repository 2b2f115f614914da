from datetime import UTC, datetime

import pytest

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.aws.table_definitions import TableDefinitions
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.errors import RefusedError, UsageError
from tee_infra.workflows.backup.native import create_native, list_native, plan_native, restore_native
from tests.support.emulator import create_tables, everything, put

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def tables(dynamodb: DynamoDb) -> dict[str, str]:
    tables = create_tables(dynamodb, "prod", Tags=[{"Key": "tee:environment", "Value": "prod"}])
    for name, physical in tables.items():
        put(dynamodb, physical, SyntheticData(1).items(name, range(5)))
        dynamodb.client.update_time_to_live(
            TableName=physical, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expiresAt"}
        )
        dynamodb.client.update_continuous_backups(
            TableName=physical, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
    return tables


def test_each_table_is_backed_up_and_listed(dynamodb: DynamoDb, tables: dict[str, str]) -> None:
    created = create_native(dynamodb, "prod", tables, NOW)
    assert [backup.name for backup in created] == ["prod-20260101T120000Z"] * 3
    assert [backup.arn for backup in list_native(dynamodb, tables)] == [backup.arn for backup in created]


def test_a_restored_table_gets_back_what_a_native_restore_loses(dynamodb: DynamoDb, tables: dict[str, str]) -> None:
    backup = create_native(dynamodb, "prod", {"tee-admin": "prod-tee-admin"}, NOW)[0]
    said: list[str] = []
    steps = plan_native(dynamodb, tables, "-restored", backup=backup.arn)
    (restored,) = restore_native(dynamodb, steps, said.append)
    assert restored.target == "prod-tee-admin-restored"
    assert set(restored.reapplied) >= {"TTL", "PITR", "tags"}
    assert everything(dynamodb, restored.target) == everything(dynamodb, "prod-tee-admin")
    found, source = (TableDefinitions(dynamodb.client).definition(name) for name in (restored.target, "prod-tee-admin"))
    assert found is not None
    assert source is not None
    assert (found.ttl_attribute, found.recovery_days, found.tags, found.stream) == (
        source.ttl_attribute,
        source.recovery_days,
        source.tags,
        source.stream,
    )
    assert said[-1].startswith("prod-tee-admin-restored: restored; reapplied settings: ")


def test_every_table_is_restored_to_a_moment(dynamodb: DynamoDb, tables: dict[str, str]) -> None:
    steps = plan_native(dynamodb, tables, "-noon", moment=NOW)
    assert [restored.target for restored in restore_native(dynamodb, steps, lambda _: None)] == [
        f"prod-{name}-noon" for name in tables
    ]


def test_a_table_that_is_gone_gets_what_the_catalog_declares(dynamodb: DynamoDb, tables: dict[str, str]) -> None:
    backup = create_native(dynamodb, "prod", {"tee-schedules": "prod-tee-schedules"}, NOW)[0]
    dynamodb.client.delete_table(TableName="prod-tee-schedules")
    steps = plan_native(dynamodb, tables, "-again", backup=backup.arn)
    restore_native(dynamodb, steps, lambda _: None)
    found = TableDefinitions(dynamodb.client).definition("prod-tee-schedules-again")
    assert found is not None
    assert (found.ttl_attribute, found.stream) == (
        "expiresAt",
        {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )


def test_an_existing_table_is_never_a_target(dynamodb: DynamoDb, tables: dict[str, str]) -> None:
    dynamodb.client.create_table(
        TableName="prod-tee-admin-old",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    with pytest.raises(RefusedError, match="prod-tee-admin-old: exists, and a restore never overwrites"):
        plan_native(dynamodb, tables, "-old", moment=NOW)
    with pytest.raises(UsageError, match="Add --suffix"):
        plan_native(dynamodb, tables, "", moment=NOW)


def test_the_backup_of_another_environment_is_refused(dynamodb: DynamoDb, tables: dict[str, str]) -> None:
    backup = create_native(dynamodb, "prod", tables, NOW)[0]
    with pytest.raises(UsageError, match=r"a backup of prod-tee-admin\. Nothing was changed\. Allowed: dev-tee-admin"):
        plan_native(dynamodb, {"tee-admin": "dev-tee-admin"}, "-x", backup=backup.arn)
