from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.data.backup import (
    MANIFEST,
    UNFINISHED,
    BackupFile,
    Manifest,
    NotABackupError,
    RestoreRefusedError,
    TableBackup,
    missing_and_unlisted,
    plan_restore,
    read_manifest,
    segment_name,
    segments_of,
)
from tee_infra.core.tables.create_request import TableDefinition
from tee_infra.errors import UsageError

KEY = {
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
}
DEFINITION = TableDefinition(request=KEY | {"SSESpecification": {"Enabled": True}}, tags={"tee:environment": "prod"})
FILE = BackupFile(name="tee-admin/0000.json.gz", items=3, size=10, sha256="ab")
BACKUP = TableBackup(
    name="tee-admin", source="prod-tee-admin", items=3, digest="0f" * 16, definition=DEFINITION, files=[FILE]
)


def manifest(environment: str = "prod") -> Manifest:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Manifest(environment=environment, started_at=now, finished_at=now, tables=[BACKUP])


def plan(environment: str = "prod", *, of: str = "prod", there: TableDefinition | None = None, items: bool = False):
    occupied = {"target"} if items else set()
    return plan_restore(manifest(of), environment, {"tee-admin": "target"}, {"target": there}, occupied)[0]


def test_a_manifest_survives_being_written() -> None:
    text = manifest().model_dump_json().encode()
    assert read_manifest("here", [MANIFEST], text) == manifest()


@pytest.mark.parametrize(
    ("names", "text", "message"),
    [
        ([], None, "here: not a backup: it has no manifest.json"),
        ([UNFINISHED, "tee-admin/0000.json.gz"], None, "here: incomplete backup"),
        ([MANIFEST], b"{", "manifest.json is damaged at the top"),
        ([MANIFEST], b'{"format":2,"environment":"dev"}', "manifest.json is damaged at format"),
    ],
)
def test_what_is_no_backup_is_said(names: list[str], text: bytes | None, message: str) -> None:
    with pytest.raises(NotABackupError, match=message):
        read_manifest("here", names, text)


@pytest.mark.parametrize("name", ["../0000", "../../0000", "/etc/0000", "tee-admin/../0000"])
def test_a_file_of_a_manifest_stays_in_its_backup(name: str) -> None:
    text = manifest().model_dump_json().replace("tee-admin/0000", name).encode()
    with pytest.raises(NotABackupError, match=r"damaged at tables\.0\.files\.0\.name"):
        read_manifest("here", [MANIFEST], text)


def test_files_are_compared_by_name() -> None:
    names = [MANIFEST, "tee-admin/0001.json.gz"]
    assert missing_and_unlisted(manifest(), names) == [
        "tee-admin/0000.json.gz: missing",
        "tee-admin/0001.json.gz: not in the manifest",
    ]


@given(st.integers(0, 10**15))
def test_every_size_has_segments_with_names_that_a_manifest_takes(size: int) -> None:
    last = segments_of(size) - 1
    assert BackupFile(name=segment_name("tee-admin", last), items=0, size=0, sha256="")


def test_a_table_that_is_not_there_is_made_as_it_was() -> None:
    step = plan()
    assert (step.definition, step.resumes) == (DEFINITION, False)


def test_another_environment_gets_neither_tags_nor_encryption_key() -> None:
    made = plan("staging", of="dev").definition
    assert made is not None
    assert made.tags == {}
    assert made.request == KEY


def test_an_empty_table_is_filled_and_one_with_items_refused() -> None:
    assert plan(there=DEFINITION).definition is None
    with pytest.raises(RestoreRefusedError, match="target is not empty"):
        plan(there=DEFINITION, items=True)


def test_only_the_same_restore_may_go_on_with_a_table_that_holds_items() -> None:
    for step in (plan(), plan(there=DEFINITION)):
        begun = DEFINITION.model_copy(update={"restoring": step.mark})
        resumed = plan(there=begun, items=True)
        assert resumed.resumes
        assert (resumed.definition is None) == (step.definition is None)
    other = DEFINITION.model_copy(update={"restoring": f"new {'1e' * 16}"})
    with pytest.raises(RestoreRefusedError):
        plan(there=other, items=True)


def test_keys_must_agree() -> None:
    other = TableDefinition(request=KEY | {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "N"}]})
    with pytest.raises(RestoreRefusedError, match="has the key"):
        plan(there=other)


def test_a_table_that_was_not_backed_up_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="the backup has no table 'other'; it has: tee-admin"):
        plan_restore(manifest(), "prod", {"other": "target"}, {"target": None}, set())
