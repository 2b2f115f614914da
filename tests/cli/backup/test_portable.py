from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.backup.portable import backup
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.data.backup import MANIFEST, RestoreRefusedError
from tee_infra.errors import PartialError, UsageError
from tests.support.commands import json_of
from tests.support.emulator import create_tables, everything, put, session

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def tables(dynamodb: DynamoDb) -> dict[str, str]:
    tables = create_tables(dynamodb, "dev")
    for name, physical in tables.items():
        put(dynamodb, physical, SyntheticData(1).items(name, range(3)))
    return tables


def test_a_backup_is_made_listed_verified_and_restored(
    dynamodb: DynamoDb, tables: dict[str, str], run: Run, tmp_path: Path
) -> None:
    place = str(tmp_path / "monday")
    made = json_of(run, backup, "create", "dev", "--output", place, "--json")
    assert made["items"] == sum(len(everything(dynamodb, table)) for table in tables.values())
    listed = json_of(run, backup, "list", "dev", "--input", str(tmp_path), "--json")
    assert [(entry["location"], entry["items"]) for entry in listed["portable"]] == [(place, made["items"])]
    verified = json_of(run, backup, "verify", "dev", "--input", place, "--json")
    assert (verified["verified"], verified["problems"]) == (True, [])
    arguments = ("restore", "dev", "--input", place, "--suffix=-restored")
    assert json_of(run, backup, *arguments, "--dry-run", "--json")["tables"][0]["creates"] is True
    restored = json_of(run, backup, *arguments, "--json")
    assert all(entry["validated"] for entry in restored["tables"])
    for physical in tables.values():
        assert everything(dynamodb, f"{physical}-restored") == everything(dynamodb, physical)


def test_people_read_the_same_in_words(run: Run, tmp_path: Path) -> None:
    place = str(tmp_path / "monday")
    assert "dev-tee-admin" in run(backup, "create", "dev", "--output", place).stdout
    assert "verified: every file" in run(backup, "verify", "--input", place).stdout
    assert place in run(backup, "list", "dev", "--input", str(tmp_path)).stdout
    shown = run(backup, "restore", "dev", "--input", place, "--suffix=-x").stdout
    assert "into a new table dev-tee-admin-x" in shown


def test_a_restore_refuses_what_holds_items(run: Run, tmp_path: Path) -> None:
    place = str(tmp_path / "monday")
    run(backup, "create", "dev", "--output", place)
    with pytest.raises(RestoreRefusedError, match="dev-tee-admin is not empty"):
        run(backup, "restore", "dev", "--input", place)


def test_damage_and_the_wrong_environment_are_exit_code_5(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "monday"
    run(backup, "create", "dev", "--output", str(place))
    (place / "tee-admin/0000.json.gz").unlink()
    with pytest.raises(PartialError, match="missing"):
        run(backup, "verify", "--input", str(place), "--json")
    with pytest.raises(PartialError, match="a backup of dev, not of prod"):
        run(backup, "verify", "prod", "--input", str(place))


def test_s3_is_a_place_too(dynamodb: DynamoDb, moto_endpoint: str, tables: dict[str, str], run: Run) -> None:
    s3 = session().client("s3", endpoint_url=moto_endpoint)
    s3.create_bucket(Bucket="backups")
    place = "s3://backups/tee/monday"
    run(backup, "create", "dev", "--output", place)
    keys = {entry["Key"] for entry in s3.list_objects_v2(Bucket="backups")["Contents"]}
    assert keys == {f"tee/monday/{name}" for name in (MANIFEST, *(f"{table}/0000.json.gz" for table in tables))}
    assert "verified" in run(backup, "verify", "--input", place).stdout
    listed = json_of(run, backup, "list", "dev", "--input", "s3://backups/tee", "--json")
    assert [entry["location"] for entry in listed["portable"]] == [place]
    run(backup, "restore", "dev", "--input", place, "--suffix=-again", "--tables", "tee-admin")
    assert everything(dynamodb, "dev-tee-admin-again") == everything(dynamodb, "dev-tee-admin")
    s3.delete_object(Bucket="backups", Key="tee/monday/tee-admin/0000.json.gz")
    with pytest.raises(PartialError, match=r"tee-admin/0000[.]json[.]gz: missing"):
        run(backup, "verify", "--input", place)


def test_native_backups_are_made_listed_and_restored(dynamodb: DynamoDb, run: Run) -> None:
    made = json_of(run, backup, "create", "dev", "--native", "--tables", "tee-admin", "--json")
    listed = json_of(run, backup, "list", "dev", "--json")
    assert [entry["arn"] for entry in listed["native"]] == [made["native"][0]["arn"]]
    arguments = ("restore", "dev", "--backup", made["native"][0]["arn"], "--suffix=-native", "--json")
    restored = json_of(run, backup, *arguments)
    assert restored["tables"][0]["physical_name"] == "dev-tee-admin-native"
    assert everything(dynamodb, "dev-tee-admin-native") == everything(dynamodb, "dev-tee-admin")


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "dev"),
        ("create", "dev", "--native", "--output", "x"),
        ("create", "dev", "--native", "--tables", "other"),
        ("restore", "dev"),
        ("restore", "dev", "--input", "x", "--at", "2026-01-01T12:00:00Z"),
        ("restore", "dev", "--at", "noon", "--suffix=-x"),
        ("restore", "dev", "--at", "2026-01-01T12:00:00", "--suffix=-x"),
        ("restore", "dev", "--input", "/nonexistent"),
        ("verify", "--input", "s3://bucket-alone"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(run: Run, arguments: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        run(backup, *arguments)
