"""What a copy says of its source at the end: the same table, and whether it changed meanwhile."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.codec.pseudonyms import derive_key
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.data.comparison import SourceChanges
from tee_infra.core.data.copy_policy import copy_side
from tee_infra.core.data.resume_point import ForeignResumePointError
from tee_infra.workflows.data import copy_environment as module
from tee_infra.workflows.data.copy_environment import prepare_copy, run_copy
from tee_infra.workflows.data.copy_table import CopyResult
from tee_infra.workflows.data.sync_dev import SubsetOptions
from tee_infra.workflows.data.table_guard import TableReplacedError
from tests.support.emulator import create_tables, everything, put

SOURCE, TARGET = "staging-tee-admin", "dev-tee-admin"
ENDS = copy_side("staging"), copy_side("dev")
KEY = derive_key("an example key that is long enough")
OTHER = [b'{"pk":{"S":"MEMBER#9"},"sk":{"S":"%d"}}' % number for number in range(3)]
Meanwhile = Callable[[], object]


@pytest.fixture(autouse=True)
def _tables(dynamodb: DynamoDb) -> None:
    create_tables(dynamodb, "dev")
    create_tables(dynamodb, "staging")
    put(dynamodb, SOURCE, SyntheticData(7).items("tee-admin", range(6)))


def copy(
    dynamodb: DynamoDb, folder: Path, monkeypatch: pytest.MonkeyPatch, meanwhile: Meanwhile, **chosen: Any
) -> CopyResult:
    """Copy, and do something after the last item was written."""
    copy_table = module.copy_table

    def copy_and_more(*arguments: Any, **more: Any) -> CopyResult:
        result = copy_table(*arguments, **more)
        meanwhile()
        return result

    monkeypatch.setattr(module, "copy_table", copy_and_more)
    plan = prepare_copy(dynamodb, dynamodb, ENDS, ["tee-admin"], **chosen)
    path = folder / "checkpoint"
    (result,) = run_copy(dynamodb, dynamodb, plan, path, resume=path.exists(), transport=None, report=lambda *_: None)
    monkeypatch.undo()
    return result


def nothing() -> None:
    pass


def changes(result: CopyResult) -> SourceChanges:
    assert result.validated
    assert result.source_changes is not None
    return result.source_changes


def recreate(dynamodb: DynamoDb, table: str, *, again: bool = True) -> None:
    items = [str(item) for item in everything(dynamodb, table)]
    assert items
    dynamodb.client.delete_table(TableName=table)
    if again:
        dynamodb.client.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )


@pytest.mark.parametrize("table", [SOURCE, TARGET])
@pytest.mark.parametrize("again", [True, False])
def test_a_table_that_was_replaced_during_a_copy_ends_it(
    dynamodb: DynamoDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, again: bool
) -> None:
    with pytest.raises(TableReplacedError, match="was deleted and created again" if again else "was deleted") as caught:
        copy(dynamodb, tmp_path, monkeypatch, lambda: recreate(dynamodb, table, again=again))
    assert caught.value.table == table
    assert caught.value.exit_code == 5


def test_a_copy_does_not_go_on_from_a_table_that_was_replaced_since(
    dynamodb: DynamoDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = prepare_copy(dynamodb, dynamodb, ENDS, ["tee-admin"])
    header = module._header(dynamodb, dynamodb, plan)
    module.ResumeFile.open(tmp_path / "checkpoint", header, resume=False).close(done=False)
    recreate(dynamodb, SOURCE)
    with pytest.raises(ForeignResumePointError, match="ids"):
        copy(dynamodb, tmp_path, monkeypatch, nothing)


@pytest.mark.parametrize("chosen", [{}, {"choice": SubsetOptions(key=KEY)}, {"limit": 3}])
def test_writes_to_the_source_are_counted_by_its_stream(
    dynamodb: DynamoDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: dict[str, Any]
) -> None:
    def write() -> None:
        put(dynamodb, SOURCE, OTHER)
        put(dynamodb, SOURCE, [OTHER[0][:-1] + b',"more":{"S":"x"}}'])
        key = {"pk": {"S": "MEMBER#9"}, "sk": {"S": "2"}}
        dynamodb.client.delete_item(TableName=SOURCE, Key=key)

    found = changes(copy(dynamodb, tmp_path, monkeypatch, write, **chosen))
    assert found == SourceChanges(by="stream", changed=True, items=3)
    assert "3 items of the source changed meanwhile" in found.text


def test_a_quiet_source_is_said_to_be_one(dynamodb: DynamoDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = changes(copy(dynamodb, tmp_path, monkeypatch, nothing))
    assert found == SourceChanges(by="stream", changed=False, items=0)
    assert "did not change meanwhile, by its stream" in found.text


def no_stream(monkeypatch: pytest.MonkeyPatch, dynamodb: DynamoDb, denied: bool) -> None:
    """Take the stream away, or the permission to read it."""
    if not denied:
        recreate(dynamodb, SOURCE)
        put(dynamodb, SOURCE, SyntheticData(7).items("tee-admin", range(6)))
        return

    def deny(*_: Any, **__: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "DescribeStream")

    watch = dynamodb.watch

    def watched(table: Any) -> Any:
        found = watch(table)
        assert found is not None
        found._client.describe_stream = deny
        return found

    monkeypatch.setattr(dynamodb, "watch", watched)


@pytest.mark.parametrize("denied", [False, True])
@pytest.mark.parametrize("case", ["quiet", "written", "quiet and anonymized", "written and anonymized"])
def test_without_a_stream_the_source_is_read_again(
    dynamodb: DynamoDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, denied: bool, case: str
) -> None:
    no_stream(monkeypatch, dynamodb, denied)
    more = [next(iter(SyntheticData(8).items("tee-admin", range(1))))]
    chosen: dict[str, Any] = {"choice": SubsetOptions(key=KEY)} if "anonymized" in case else {}
    writes = case.startswith("written")
    meanwhile = (lambda: put(dynamodb, SOURCE, more)) if writes else nothing
    found = changes(copy(dynamodb, tmp_path, monkeypatch, meanwhile, **chosen))
    assert found == SourceChanges(by="second reading", changed=writes)


def test_what_cannot_be_noticed_is_said(dynamodb: DynamoDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_stream(monkeypatch, dynamodb, denied=False)
    found = changes(copy(dynamodb, tmp_path, monkeypatch, nothing, limit=2))
    assert (found.by, found.changed) == (None, None)
    assert "whether the source changed meanwhile is unknown: no stream" in found.text
