import gzip
import json
import os
from pathlib import Path

import pytest

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.data.backup import MANIFEST, UNFINISHED, NotABackupError
from tee_infra.errors import UsageError
from tee_infra.workflows.backup.portable import (
    BackupExistsError,
    create_backup,
    find_backups,
    open_backup,
    verify_backup,
)
from tee_infra.workflows.session.file_store import FolderStore
from tests.support.emulator import create_tables, everything, put

# All ten types, and what tools have lost: 38 digits, nested and set binaries, empty text, empty list and map.
STRANGE = {
    "pk": {"S": "MEMBER#ü/\n"},
    "sk": {"S": "PROFILE"},
    "number": {"N": "12345678901234567890123456789012345678"},
    "binary": {"B": "AP8="},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2.5"]},
    "binaries": {"BS": ["AP8=", "AQ=="]},
    "nested": {"M": {"list": {"L": [{"B": "AP8="}, {"M": {}}, {"L": []}, {"S": ""}, {"NULL": True}, {"BOOL": False}]}}},
}


@pytest.fixture
def tables(dynamodb: DynamoDb) -> dict[str, str]:
    tables = create_tables(dynamodb, "dev")
    for name, physical in tables.items():
        put(dynamodb, physical, SyntheticData(1).items(name, range(5)))
    put(dynamodb, "dev-tee-admin", [json.dumps(STRANGE).encode()])
    return tables


def nothing(_what: str, _items: int) -> None:
    pass


def test_a_backup_holds_every_item_in_lines_that_an_import_reads(
    dynamodb: DynamoDb, tables: dict[str, str], tmp_path: Path
) -> None:
    manifest = create_backup(dynamodb, FolderStore(tmp_path), "dev", tables, nothing)
    for table in manifest.tables:
        lines = [
            line for file in table.files for line in gzip.decompress((tmp_path / file.name).read_bytes()).splitlines()
        ]
        items = [json.loads(line)["Item"] for line in lines]
        assert {item["pk"]["S"] + item["sk"]["S"]: item for item in items} == everything(dynamodb, tables[table.name])
        assert table.items == len(items)
    assert json.loads((tmp_path / MANIFEST).read_text())["environment"] == "dev"
    assert not (tmp_path / UNFINISHED).exists()


def test_a_backup_verifies_and_says_what_it_read(dynamodb: DynamoDb, tables: dict[str, str], tmp_path: Path) -> None:
    create_backup(dynamodb, FolderStore(tmp_path), "dev", tables, nothing)
    read: list[int] = []
    manifest, problems = verify_backup(FolderStore(tmp_path), lambda _, items: read.append(items))
    assert problems == []
    assert sum(read) == manifest.items == sum(len(everything(dynamodb, table)) for table in tables.values())


def test_every_damage_is_found(dynamodb: DynamoDb, tables: dict[str, str], tmp_path: Path) -> None:
    create_backup(dynamodb, FolderStore(tmp_path), "dev", tables, nothing)
    (tmp_path / "tee-sync-status/0000.json.gz").unlink()
    cut = tmp_path / "tee-schedules/0000.json.gz"
    cut.write_bytes(cut.read_bytes()[:-20])
    other = tmp_path / "tee-admin/0000.json.gz"
    lines = gzip.decompress(other.read_bytes()).splitlines(keepends=True)
    other.write_bytes(gzip.compress(b"".join([*lines[1:], lines[0].replace(b"PROFILE", b"PROFIL3")])))
    (tmp_path / "tee-admin/0001.json.gz").write_bytes(gzip.compress(lines[0]))
    _, problems = verify_backup(FolderStore(tmp_path), nothing)
    text = "\n".join(problems)
    assert "tee-sync-status/0000.json.gz: missing" in text
    assert "tee-schedules/0000.json.gz: damaged: size or SHA-256 differs" in text
    assert "tee-admin/0000.json.gz: damaged: size or SHA-256 differs from the manifest" in text
    assert "tee-admin/0001.json.gz: not in the manifest" in text


def test_a_finished_backup_is_never_overwritten(dynamodb: DynamoDb, tables: dict[str, str], tmp_path: Path) -> None:
    create_backup(dynamodb, FolderStore(tmp_path), "dev", tables, nothing)
    with pytest.raises(BackupExistsError, match="holds a complete backup"):
        create_backup(dynamodb, FolderStore(tmp_path), "dev", tables, nothing)


def test_files_of_somebody_else_are_left_alone(dynamodb: DynamoDb, tables: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(UsageError, match="holds files of no backup"):
        create_backup(dynamodb, FolderStore(tmp_path), "dev", tables, nothing)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("interrupted_in", ["dev-tee-admin", "dev-tee-schedules", "dev-tee-sync-status"])
def test_an_interrupted_backup_is_recognised_and_finished_by_the_next_run(
    dynamodb: DynamoDb, tables: dict[str, str], tmp_path: Path, interrupted_in: str
) -> None:
    def interrupt(what: str, _items: int) -> None:
        if what == interrupted_in:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create_backup(dynamodb, FolderStore(tmp_path), "dev", tables, interrupt)
    with pytest.raises(NotABackupError, match=r"incomplete backup.* run `backup create` again"):
        open_backup(FolderStore(tmp_path))
    assert [found.problem is not None for found in find_backups(FolderStore(tmp_path))] == [True]
    create_backup(dynamodb, FolderStore(tmp_path), "dev", tables, nothing)
    assert verify_backup(FolderStore(tmp_path), nothing)[1] == []


def test_the_same_items_make_the_same_files(dynamodb: DynamoDb, tables: dict[str, str], tmp_path: Path) -> None:
    made = [create_backup(dynamodb, FolderStore(tmp_path / name), "dev", tables, nothing) for name in "ab"]
    assert made[0].tables == made[1].tables


def test_backups_are_listed_with_what_is_wrong_with_them(
    dynamodb: DynamoDb, tables: dict[str, str], tmp_path: Path
) -> None:
    create_backup(dynamodb, FolderStore(tmp_path / "monday"), "dev", tables, nothing)
    (tmp_path / "tuesday").mkdir()
    (tmp_path / "tuesday" / UNFINISHED).write_text("{}")
    (tmp_path / "wednesday").mkdir()
    (tmp_path / "wednesday" / MANIFEST).write_text('{"format": 1}')
    (tmp_path / "unrelated").mkdir()
    found = {Path(backup.location).name: backup for backup in find_backups(FolderStore(tmp_path))}
    assert found.keys() == {"monday", "tuesday", "wednesday"}
    assert found["monday"].manifest is not None
    assert "incomplete backup" in (found["tuesday"].problem or "")
    assert "damaged at environment" in (found["wednesday"].problem or "")


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
@pytest.mark.parametrize("existing", [True, False])
def test_only_the_owner_reads_a_backup(
    dynamodb: DynamoDb, tables: dict[str, str], tmp_path: Path, umask: int, existing: bool
) -> None:
    folder, earlier = tmp_path / "backups" / "monday", os.umask(umask)
    try:
        if existing:
            (folder / "tee-admin").mkdir(parents=True)
            for path in (folder, folder / "tee-admin", folder.parent):
                path.chmod(0o755)
        create_backup(dynamodb, FolderStore(folder), "dev", tables, nothing)
    finally:
        os.umask(earlier)
    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in (folder, *folder.rglob("*"))}
    assert modes == {(True, 0o700), (False, 0o600)}
    assert folder.parent.stat().st_mode & 0o777 == (0o755 if existing else 0o700)
