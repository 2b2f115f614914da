"""No flipped bit, no crafted manifest and no bomb gets past the verification, and none of them crashes it."""

import gzip
import hashlib
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.backup.portable import verify
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.data.backup import MANIFEST, DamagedManifestError, Manifest, read_manifest, write_manifest
from tee_infra.errors import TeeInfraError
from tee_infra.workflows.backup.portable import create_backup, open_backup, verify_backup
from tee_infra.workflows.backup.segment_files import check_segment
from tee_infra.workflows.session.file_store import FolderStore
from tests.support.emulator import create_tables, put, reset, session

FLIPS = 1500


def nothing(_what: str, _items: int) -> None:
    pass


@pytest.fixture(scope="module")
def made(moto_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    reset(moto_endpoint)
    dynamodb = DynamoDb(session(), moto_endpoint)
    tables = create_tables(dynamodb, "dev")
    for name, physical in tables.items():
        put(dynamodb, physical, SyntheticData(1).items(name, range(2)))
    create_backup(dynamodb, FolderStore(folder), "dev", tables, nothing)
    return folder


@pytest.fixture
def backup(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "backup")


def code_of(folder: Path) -> int:
    """How `backup verify` of this folder would end, without a process for each."""
    try:
        return 5 if verify_backup(FolderStore(folder), nothing)[1] else 0
    except TeeInfraError as error:
        return error.exit_code


def test_verify_ends_with_5_for_every_flipped_bit(backup: Path) -> None:
    chance = random.Random(10)
    files = sorted(path for path in backup.rglob("*") if path.is_file())
    segments = {file.name: file for table in open_backup(FolderStore(backup)).tables for file in table.files}
    codes: set[int] = set()
    for number in range(FLIPS):
        file = chance.choice(files)
        before = file.read_bytes()
        damaged = bytearray(before)
        damaged[chance.randrange(len(before))] ^= 1 << chance.randrange(8)
        file.write_bytes(damaged)
        segment = segments.get(str(file.relative_to(backup)))
        if segment is None or number % 100 == 0:
            codes.add(code_of(backup))
        else:  # the part of the verification that reads it, for speed
            codes.add(5 if check_segment(FolderStore(backup), segment, lambda _: None)[0] else 0)
        file.write_bytes(before)
    assert codes == {5}
    assert code_of(backup) == 0


def test_the_command_ends_with_5_as_well(backup: Path) -> None:
    assert CliRunner().invoke(verify, ["--input", str(backup)]).exit_code == 0
    text = (backup / MANIFEST).read_bytes()
    (backup / MANIFEST).write_bytes(text.replace(b'"environment": "dev"', b'"environment": "deu"'))
    done = CliRunner().invoke(verify, ["--input", str(backup)])
    assert isinstance(done.exception, DamagedManifestError)
    assert done.exception.exit_code == 5


def crafted(backup: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """The manifest, changed and with a checksum that fits."""
    manifest = json.loads((backup / MANIFEST).read_text())
    change(manifest)
    text = json.dumps(manifest | {"checksum": ""}, indent=2).encode()
    checksum = hashlib.sha256(text).hexdigest()
    (backup / MANIFEST).write_bytes(text.replace(b'"checksum": ""', f'"checksum": "{checksum}"'.encode()))


REQUEST_FIELDS = [
    ("ResourcePolicy", "{}"), ("Tags", [{"Key": "a", "Value": "b"}]), ("TableName", "prod-tee-admin"),
    ("DeletionProtectionEnabled", False), ("GlobalTableSettingsReplicationMode", "ENABLED"), ("WarmThroughput", {}),
    ("GlobalTableSourceArn", "arn:x"), ("BillingMode", "FREE"), ("TableClass", "GOLD"), ("KeySchema", "pk"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), REQUEST_FIELDS)
@pytest.mark.parametrize(
    "place",
    [
        (), ("AttributeDefinitions", 0), ("KeySchema", 0), ("GlobalSecondaryIndexes", 0), ("StreamSpecification",),
        ("GlobalSecondaryIndexes", 0, "Projection"), ("GlobalSecondaryIndexes", 0, "KeySchema", 0),
    ],
)  # fmt: skip
def test_a_manifest_smuggles_nothing_into_a_request(
    backup: Path, place: tuple[str | int, ...], field: str, value: object
) -> None:
    def change(manifest: dict[str, Any]) -> None:
        (table,) = (each for each in manifest["tables"] if each["name"] == "tee-schedules")
        part = table["definition"]["request"]
        for step in place:
            part = part[step]
        part[field] = value

    if place and field == "KeySchema" and place == ("GlobalSecondaryIndexes", 0):
        value = "x"
    crafted(backup, lambda _: None)
    assert code_of(backup) == 0
    crafted(backup, change)
    with pytest.raises(DamagedManifestError, match=r"definition\.request"):
        open_backup(FolderStore(backup))


@pytest.mark.parametrize("place", [(), ("tables", 0), ("tables", 0, "files", 0), ("tables", 0, "definition")])
def test_a_manifest_has_no_other_field_at_any_level(backup: Path, place: tuple[str | int, ...]) -> None:
    def change(manifest: Any) -> None:
        for step in place:
            manifest = manifest[step]
        manifest["extra"] = 1

    crafted(backup, change)
    with pytest.raises(DamagedManifestError, match=r"extra: Extra inputs"):
        open_backup(FolderStore(backup))


BOMBS = {
    "a line without end": b'{"Item":{"pk":{"S":"' + b"a" * 5_000_000,
    "a line that is too long": b'{"Item":{"pk":{"S":"' + b"a" * 5_000_000 + b'"}}}\n',
    "zeros": bytes(20_000_000),
    "more items than counted": b'{"Item":{"pk":{"S":"a"}}}\n' * 500_000,
    "nesting": b'{"Item":{"pk":' + b'{"L":[' * 100_000 + b"]}" * 100_000 + b"}}\n",
    "no item": b"{}\n",
    "a blank line": b"\n",
    "not UTF-8": b'{"Item":{"pk":{"S":"\xff"}}}\n',
    "a value that is none": b'{"Item":{"pk":{"S":1}}}\n',
    "an item that is none": b'{"Item":[1]}\n',
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_crafted_segment_is_damaged(backup: Path, bomb: str) -> None:
    file = backup / "tee-admin" / "0000.json.gz"
    file.write_bytes(gzip.compress(BOMBS[bomb], 1))

    def change(manifest: dict[str, Any]) -> None:
        (table,) = (each for each in manifest["tables"] if each["name"] == "tee-admin")
        content = file.read_bytes()
        table["files"][0] |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    crafted(backup, change)
    assert code_of(backup) == 5


def test_files_of_file_managers_and_markers_damage_nothing(dynamodb: DynamoDb, backup: Path, tmp_path: Path) -> None:
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", "._manifest.json"):
        (backup / name).write_bytes(b"x")
        (backup / "tee-admin" / name).write_bytes(b"x")
    assert code_of(backup) == 0
    assert read_manifest("s3", ["tee-admin/", ""], (backup / MANIFEST).read_bytes())
    (backup / "tee-admin" / "thesis").write_bytes(b"x")
    assert code_of(backup) == 5
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ".DS_Store").write_bytes(b"x")
    create_tables(dynamodb, "dev")
    create_backup(dynamodb, FolderStore(tmp_path / "other"), "dev", {"tee-admin": "dev-tee-admin"}, nothing)


def test_a_backup_of_an_earlier_version_has_no_checksum(backup: Path) -> None:
    manifest = open_backup(FolderStore(backup))
    text = Manifest.model_validate(manifest.model_dump(exclude={"checksum"})).model_dump_json(exclude={"checksum"})
    (backup / MANIFEST).write_text(text)
    assert code_of(backup) == 0
    assert read_manifest("x", [], write_manifest(manifest)) == manifest
