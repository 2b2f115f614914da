"""Seed, copy under pseudonyms, back up, restore: on moto, and on DynamoDB Local, which keeps DynamoDB's limits."""

import uuid
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError

import boto3
import pytest

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.codec.pseudonyms import derive_key
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.data.copy_policy import copy_side
from tee_infra.core.environments import parse_environment
from tee_infra.workflows.backup import restore
from tee_infra.workflows.backup.portable import create_backup, open_backup, verify_backup
from tee_infra.workflows.data.copy_environment import prepare_copy, run_copy
from tee_infra.workflows.data.seed import seed_data
from tee_infra.workflows.data.sync_dev import SubsetOptions
from tee_infra.workflows.session.file_store import FolderStore
from tests.support.emulator import create_tables, everything, reset


@pytest.fixture
def empty(service: str) -> DynamoDb:
    """moto forgets when told to; DynamoDB Local keeps tables apart by access key."""
    with suppress(HTTPError):
        reset(service)
    key = uuid.uuid4().hex
    return DynamoDb(boto3.Session(aws_access_key_id=key, aws_secret_access_key=key, region_name="us-east-1"), service)


def nothing(*_: object) -> None:
    pass


def test_data_goes_round_and_comes_back(empty: DynamoDb, tmp_path: Path) -> None:
    staging, dev = create_tables(empty, "staging"), create_tables(empty, "dev")
    seed_data(empty, parse_environment("staging"), staging, SyntheticData(42), 30, progress=nothing)
    choice = SubsetOptions(key=derive_key("an example key that is long enough"), members=10)
    plan = prepare_copy(empty, empty, (copy_side("staging"), copy_side("dev")), (), choice=choice)
    synced = run_copy(empty, empty, plan, tmp_path / "checkpoint", resume=False, transport=None, report=nothing)
    assert all(table.validated for table in synced)
    assert len(everything(empty, "dev-tee-admin")) == 10

    store = FolderStore(tmp_path / "backup")
    create_backup(empty, store, "dev", dev, nothing)
    assert verify_backup(store, nothing)[1] == []
    targets = {name: f"{physical}-restored" for name, physical in dev.items()}
    restored = restore.restore_backup(
        empty, store, restore.prepare_restore(empty, open_backup(store), "dev", targets), nothing
    )
    assert all(table.created and table.validated for table in restored)
    for name, physical in dev.items():
        assert everything(empty, targets[name]) == everything(empty, physical)
