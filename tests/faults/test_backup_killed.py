"""`kill -9` during a backup and a restore: the next run finishes, and nothing half done passes for whole."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.data.backup import NotABackupError, RestoreRefusedError
from tee_infra.workflows.backup import restore
from tee_infra.workflows.backup.portable import create_backup, open_backup, verify_backup
from tee_infra.workflows.session.file_store import FolderStore
from tests.support.emulator import create_tables, everything, put, reset, session

# Prints a line when the work begins, so that the clock of the killer starts there and not with the imports.
PROGRAM = """
import sys
from pathlib import Path
from tee_infra.workflows.backup import restore
from tee_infra.workflows.backup.portable import create_backup, open_backup
from tee_infra.workflows.session.file_store import FolderStore
from tests.support.emulator import session
from tee_infra.aws.dynamodb import DynamoDb

what, endpoint, folder = sys.argv[1:]
dynamodb, store = DynamoDb(session(), endpoint), FolderStore(Path(folder))
names = ("tee-admin", "tee-schedules", "tee-sync-status")
print("begun", flush=True)
if what == "create":
    create_backup(dynamodb, store, "staging", {name: f"staging-{name}" for name in names}, lambda *_: None)
else:
    targets = {name: f"staging-{name}-new" for name in names}
    plan = restore.prepare_restore(dynamodb, open_backup(store), "staging", targets)
    restore.restore_backup(dynamodb, store, plan, lambda *_: None)
"""
NAMES = ("tee-admin", "tee-schedules", "tee-sync-status")


@pytest.fixture
def dynamodb(moto_endpoint: str) -> DynamoDb:
    reset(moto_endpoint)
    dynamodb = DynamoDb(session(), moto_endpoint)
    for name, physical in create_tables(dynamodb, "staging").items():
        put(dynamodb, physical, SyntheticData(3).items(name, range(25)))
    return dynamodb


def nothing(_what: str, _items: int) -> None:
    pass


def kill_after(seconds: float, *arguments: str) -> None:
    """Run PROGRAM and kill it after so many seconds of work."""
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], cwd=root, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    time.sleep(seconds)
    process.kill()
    process.stdout.close()
    process.wait()


@pytest.mark.parametrize("seed", range(2))
def test_a_killed_backup_is_no_backup_and_the_next_run_makes_one(
    dynamodb: DynamoDb, moto_endpoint: str, tmp_path: Path, seed: int
) -> None:
    store = FolderStore(tmp_path)
    kill_after(random.Random(seed).uniform(0, 0.3), "create", moto_endpoint, str(tmp_path))
    try:
        open_backup(store)  # the kill came too late
    except NotABackupError:
        create_backup(dynamodb, store, "staging", {name: f"staging-{name}" for name in NAMES}, nothing)
    manifest, problems = verify_backup(store, nothing)
    assert problems == []
    assert manifest.items == sum(len(everything(dynamodb, f"staging-{name}")) for name in NAMES)


@pytest.mark.parametrize("seed", range(2))
def test_a_killed_restore_is_finished_by_the_next_run(
    dynamodb: DynamoDb, moto_endpoint: str, tmp_path: Path, seed: int
) -> None:
    store = FolderStore(tmp_path)
    create_backup(dynamodb, store, "staging", {name: f"staging-{name}" for name in NAMES}, nothing)
    kill_after(random.Random(seed).uniform(0, 0.8), "restore", moto_endpoint, str(tmp_path))
    try:
        plan = restore.prepare_restore(
            dynamodb, open_backup(store), "staging", {name: f"staging-{name}-new" for name in NAMES}
        )
        assert all(table.validated for table in restore.restore_backup(dynamodb, store, plan, nothing))
    except RestoreRefusedError:
        pass  # the kill came too late: everything was there, and a table was not marked any more
    for name in NAMES:
        assert everything(dynamodb, f"staging-{name}-new") == everything(dynamodb, f"staging-{name}")
