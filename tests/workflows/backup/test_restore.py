import gzip
import json
from pathlib import Path
from typing import BinaryIO

import pytest

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.aws.table_definitions import TableDefinitions
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.data.backup import MANIFEST, RestoreRefusedError
from tee_infra.core.environments import parse_environment
from tee_infra.core.names import key_alias
from tee_infra.core.resources.access.tables import production_policy
from tee_infra.errors import UsageError
from tee_infra.workflows.backup import restore
from tee_infra.workflows.backup.portable import MisnamedBackupError, create_backup, open_backup
from tee_infra.workflows.backup.restore import DamagedBackupError, NotRestoredError, restore_backup
from tee_infra.workflows.session.file_store import FolderStore
from tests.support.emulator import create_tables, everything, put


def nothing(_what: str, _items: int) -> None:
    pass


@pytest.fixture
def tables(dynamodb: DynamoDb) -> dict[str, str]:
    tables = create_tables(dynamodb, "staging")
    for name, physical in tables.items():
        put(dynamodb, physical, SyntheticData(1).items(name, range(5)))
    client = dynamodb.client
    client.update_time_to_live(
        TableName="staging-tee-schedules", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expiresAt"}
    )
    client.update_continuous_backups(
        TableName="staging-tee-schedules",
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7},
    )
    arn = client.describe_table(TableName="staging-tee-schedules")["Table"]["TableArn"]
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "tee:environment", "Value": "staging"}])
    client.update_table(TableName="staging-tee-schedules", DeletionProtectionEnabled=True)
    return tables


@pytest.fixture
def store(dynamodb: DynamoDb, tables: dict[str, str], tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path)
    create_backup(dynamodb, store, "staging", tables, nothing)
    return store


def run(dynamodb: DynamoDb, store: FolderStore, environment: str, targets: dict[str, str]):
    return restore_backup(
        dynamodb, store, restore.prepare_restore(dynamodb, open_backup(store), environment, targets), nothing
    )


def test_new_tables_get_items_indexes_and_everything_else(
    dynamodb: DynamoDb, tables: dict[str, str], store: FolderStore
) -> None:
    targets = {name: f"{physical}-restored" for name, physical in tables.items()}
    restored = run(dynamodb, store, "staging", targets)
    assert all(table.created and table.validated for table in restored)
    for name, physical in tables.items():
        assert everything(dynamodb, targets[name]) == everything(dynamodb, physical)
        assert TableDefinitions(dynamodb.client).definition(targets[name]) == TableDefinitions(
            dynamodb.client
        ).definition(physical)
    found = TableDefinitions(dynamodb.client).definition("staging-tee-schedules-restored")
    assert found is not None
    assert (found.ttl_attribute, found.recovery_days, found.deletion_protection) == ("expiresAt", 7, True)
    assert found.tags == {"tee:environment": "staging"}
    assert {table.name: table.reapplied for table in restored}["tee-schedules"] == [
        "TTL",
        "PITR",
        "tags",
        "deletion protection",
    ]


def test_empty_tables_are_filled_and_keep_their_settings(
    dynamodb: DynamoDb, tables: dict[str, str], store: FolderStore
) -> None:
    targets = create_tables(dynamodb, "dev")
    restored = run(dynamodb, store, "dev", targets)
    assert all(table.validated and not table.created and table.reapplied == [] for table in restored)
    for name, physical in tables.items():
        assert everything(dynamodb, targets[name]) == everything(dynamodb, physical)


def test_a_table_made_for_another_environment_does_not_carry_tags(dynamodb: DynamoDb, store: FolderStore) -> None:
    run(dynamodb, store, "dev", {"tee-schedules": "dev-tee-schedules"})
    found = TableDefinitions(dynamodb.client).definition("dev-tee-schedules")
    assert found is not None
    assert found.tags == {}


def test_a_table_with_a_single_item_is_never_written_to(dynamodb: DynamoDb, store: FolderStore) -> None:
    targets = create_tables(dynamodb, "dev")
    put(dynamodb, "dev-tee-sync-status", SyntheticData(5).items("tee-sync-status", range(1)))
    before = everything(dynamodb, "dev-tee-sync-status")
    with pytest.raises(RestoreRefusedError, match="dev-tee-sync-status is not empty, and a restore never overwrites"):
        run(dynamodb, store, "dev", targets)
    assert everything(dynamodb, "dev-tee-sync-status") == before
    assert everything(dynamodb, "dev-tee-admin") == {}


def test_a_damaged_backup_is_refused_before_anything_is_written(
    dynamodb: DynamoDb, store: FolderStore, tmp_path: Path
) -> None:
    file = tmp_path / "tee-admin/0000.json.gz"
    file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()).replace(b"MEMBER", b"MEMBAR", 1)))
    targets = create_tables(dynamodb, "dev")
    with pytest.raises(DamagedBackupError, match=r"the backup is damaged: tee-admin/0000.*\. Nothing was restored"):
        run(dynamodb, store, "dev", targets)
    assert all(everything(dynamodb, physical) == {} for physical in targets.values())


def test_people_of_production_stay_there_and_nobody_else_is_put_there(
    dynamodb: DynamoDb, tables: dict[str, str], store: FolderStore, tmp_path: Path
) -> None:
    place = FolderStore(tmp_path / "prod")
    create_backup(dynamodb, place, "prod", create_tables(dynamodb, "prod"), nothing)
    of_prod, of_staging = open_backup(place), open_backup(store)
    with pytest.raises(RestoreRefusedError, match="sync-dev --from prod --to dev --anonymize"):
        restore.prepare_restore(dynamodb, of_prod, "dev", {"tee-admin": "dev-tee-admin"})
    old = {"tee-admin": "prod-tee-admin-old"}
    (step,) = restore.prepare_restore(dynamodb, of_prod, "prod", old, account_id="123456789012").steps
    assert step.definition is not None
    (step,) = restore.prepare_restore(dynamodb, of_prod, "prod", {"tee-admin": "prod-tee-admin"}).steps
    assert step.definition is None
    for account in ("000000000000", ""):
        with pytest.raises(RestoreRefusedError, match="made in the account 123456789012"):
            restore.prepare_restore(dynamodb, of_prod, "prod", old, account_id=account)
    create_tables(dynamodb, "prod-v2")
    for environment in ("prod", "prod-v2"):
        targets = {"tee-admin": f"{environment}-tee-admin"}
        with pytest.raises(RestoreRefusedError, match="it is a backup of staging"):
            restore.prepare_restore(dynamodb, of_staging, environment, targets)


def test_a_target_that_is_tagged_as_production_takes_no_other_backup(dynamodb: DynamoDb, store: FolderStore) -> None:
    create_tables(dynamodb, "dev", Tags=[{"Key": "tee:environment", "Value": "prod"}])
    with pytest.raises(RestoreRefusedError, match="its tag tee:environment is 'prod'"):
        restore.prepare_restore(dynamodb, open_backup(store), "dev", {"tee-admin": "dev-tee-admin"})


def test_production_is_not_backed_up_under_another_name(dynamodb: DynamoDb, tmp_path: Path) -> None:
    tables = create_tables(dynamodb, "dev", Tags=[{"Key": "Stage", "Value": "Production"}])
    with pytest.raises(MisnamedBackupError, match="its tag Stage is 'Production'"):
        create_backup(dynamodb, FolderStore(tmp_path / "b"), "dev", tables, nothing)
    assert not (tmp_path / "b").exists()


def test_a_table_with_another_key_is_refused(dynamodb: DynamoDb, store: FolderStore) -> None:
    dynamodb.client.create_table(
        TableName="dev-tee-admin",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    with pytest.raises(RestoreRefusedError, match="dev-tee-admin has the key"):
        restore.prepare_restore(dynamodb, open_backup(store), "dev", {"tee-admin": "dev-tee-admin"})


def test_a_table_that_the_backup_lacks_is_said(dynamodb: DynamoDb, store: FolderStore) -> None:
    with pytest.raises(UsageError, match="has no table 'tee-other'; it has: tee-admin"):
        restore.prepare_restore(dynamodb, open_backup(store), "dev", {"tee-other": "dev-tee-other"})


class Noting(FolderStore):
    """A folder that notes which files were read."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.files: list[str] = []

    def read(self, name: str) -> BinaryIO:
        self.files.append(name)
        return super().read(name)


def test_a_restore_goes_by_one_manifest_from_its_plan_on(
    dynamodb: DynamoDb, tables: dict[str, str], store: FolderStore, tmp_path: Path
) -> None:
    noting = Noting(tmp_path)
    plan = restore.prepare_restore(dynamodb, open_backup(noting), "staging", {"tee-admin": "staging-tee-admin-again"})
    assert noting.files == [MANIFEST]
    store.delete(MANIFEST)
    (restored,) = restore_backup(dynamodb, noting, plan, nothing)
    assert restored.validated
    assert noting.files.count(MANIFEST) == 1


def test_what_somebody_else_wrote_meanwhile_is_found(dynamodb: DynamoDb, store: FolderStore) -> None:
    create_tables(dynamodb, "dev")
    plan = restore.prepare_restore(dynamodb, open_backup(store), "dev", {"tee-admin": "dev-tee-admin"})
    put(dynamodb, "dev-tee-admin", SyntheticData(5).items("tee-admin", range(1)))
    with pytest.raises(NotRestoredError, match=r"tables differ from the backup: dev-tee-admin \(6 items\)"):
        restore_backup(dynamodb, store, plan, nothing)


@pytest.mark.parametrize("new", [True, False])
def test_an_interrupted_restore_is_finished_by_the_next_run(
    dynamodb: DynamoDb, tables: dict[str, str], store: FolderStore, new: bool
) -> None:
    targets = (
        {name: f"{physical}-again" for name, physical in tables.items()} if new else create_tables(dynamodb, "dev")
    )
    environment = "staging" if new else "dev"

    def interrupt(what: str, _items: int) -> None:
        if what == f"load {targets['tee-schedules']}":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore_backup(
            dynamodb, store, restore.prepare_restore(dynamodb, open_backup(store), environment, targets), interrupt
        )
    assert everything(dynamodb, targets["tee-schedules"]) != {}
    plan = restore.prepare_restore(dynamodb, open_backup(store), environment, targets)
    assert [step.resumes for step in plan.steps] == [True, True, False]
    restored = restore_backup(dynamodb, store, plan, nothing)
    assert [(table.created, table.validated) for table in restored] == [(new, True)] * 3
    assert restored[1].reapplied == (["TTL", "PITR", "tags", "deletion protection"] if new else [])
    found = TableDefinitions(dynamodb.client).definition(targets["tee-schedules"])
    assert found is not None
    assert found.restoring is None


def test_a_restored_table_of_production_gets_the_policy_of_its_program(dynamodb: DynamoDb, tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "prod")
    create_backup(dynamodb, store, "prod", {"tee-admin": create_tables(dynamodb, "prod")["tee-admin"]}, nothing)
    prod, dev = (parse_environment(name) for name in ("prod", "dev"))
    assert production_policy(dev, "123456789012", "us-east-1") is None
    assert production_policy(prod, "", "us-east-1") is None
    policy = production_policy(prod, "123456789012", "us-east-1")
    plan = restore.prepare_restore(
        dynamodb, open_backup(store), "prod", {"tee-admin": "prod-tee-admin-old"}, account_id="123456789012"
    )
    (restored,) = restore_backup(dynamodb, store, plan, nothing, policy)
    assert "resource policy" in restored.reapplied
    arn = dynamodb.table("prod-tee-admin-old").arn
    assert policy is not None
    found = dynamodb.client.get_resource_policy(ResourceArn=arn)["Policy"]
    assert json.loads(found) == json.loads(policy(arn))


def test_a_restore_takes_neither_key_nor_tee_tags_from_a_manifest(
    dynamodb: DynamoDb, store: FolderStore, tmp_path: Path
) -> None:
    manifest = open_backup(store)
    tables = []
    for table in manifest.tables:
        key = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "arn:aws:kms:us-east-1:666:key/stolen"}
        definition = table.definition.model_copy(
            update={
                "request": table.definition.request | {"SSESpecification": key},
                "tags": {"tee:environment": "test", "tee:protected": "no", "team": "a"},
            }
        )
        tables.append(table.model_copy(update={"definition": definition}))
    crafted = manifest.model_copy(update={"tables": tables})
    plan = restore.prepare_restore(dynamodb, crafted, "staging", {"tee-admin": "staging-tee-admin-again"})
    definition = plan.steps[0].definition
    assert definition is not None
    assert definition.request["SSESpecification"]["KMSMasterKeyId"] == key_alias("staging")
    assert definition.tags == {"team": "a"}
