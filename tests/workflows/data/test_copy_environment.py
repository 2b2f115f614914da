"""Which route a copy takes, what it refuses, and that a checkpoint belongs to one copy."""

from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import pytest

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.codec.pseudonyms import derive_key
from tee_infra.core.codec.scan_filter import ScanFilter, parse_scan_filter
from tee_infra.core.data.copy_policy import AWS_ROUTE_BYTES, TablePlan, copy_side
from tee_infra.core.data.resume_point import ForeignResumePointError
from tee_infra.core.data.s3_bulk_load import BulkLoad
from tee_infra.workflows.data import copy_environment as module
from tee_infra.workflows.data.copy_environment import CopyPlan, prepare_copy, run_copy
from tee_infra.workflows.data.copy_table import CopyProgress, CopyResult
from tee_infra.workflows.data.sync_dev import SubsetOptions
from tests.support.emulator import create_tables, everything, put

KEY = derive_key("an example key that is long enough")
ITEM = b'{"pk":{"S":"MEMBER#1"},"sk":{"S":"PROFILE"}}'


@pytest.fixture
def plan(dynamodb: DynamoDb) -> CopyPlan:
    for environment in ("staging", "dev"):
        create_tables(dynamodb, environment)
    put(dynamodb, "staging-tee-admin", [ITEM])
    return planned(dynamodb)


def planned(dynamodb: DynamoDb, *, bucket: str | None = None, condition: ScanFilter | None = None) -> CopyPlan:
    ends = copy_side("staging"), copy_side("dev")
    return prepare_copy(dynamodb, dynamodb, ends, ["tee-admin"], condition=condition or ScanFilter(), bucket=bucket)


def nothing(_table: TablePlan, _at: CopyProgress) -> None:
    pass


def carry_out(dynamodb: DynamoDb, plan: CopyPlan, folder: Path, *, resume: bool = False) -> list[CopyResult]:
    path = folder / "checkpoint"
    return run_copy(dynamodb, dynamodb, plan, path, resume=resume, transport=None, report=nothing)


def test_a_finished_copy_leaves_no_checkpoint(dynamodb: DynamoDb, plan: CopyPlan, tmp_path: Path) -> None:
    (result,) = carry_out(dynamodb, plan, tmp_path)
    assert (result.table, result.written, result.validated) == ("tee-admin", 1, True)
    assert list(tmp_path.iterdir()) == []


def test_what_the_target_had_before_is_left_alone(dynamodb: DynamoDb, plan: CopyPlan, tmp_path: Path) -> None:
    put(dynamodb, "dev-tee-admin", [ITEM.replace(b"#1", b"#2")])
    (result,) = carry_out(dynamodb, plan, tmp_path)
    assert result.validated
    assert result.comparison is not None
    assert result.comparison.extra == 1
    assert len(everything(dynamodb, "dev-tee-admin")) == 2


def test_a_checkpoint_of_other_conditions_is_refused(dynamodb: DynamoDb, plan: CopyPlan, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    header = module._header(dynamodb, dynamodb, plan)
    module.ResumeFile.open(path, header, resume=False).close(done=False)
    other = planned(dynamodb, condition=parse_scan_filter(["role = admin"]))
    with pytest.raises(ForeignResumePointError, match="role = admin"):
        carry_out(dynamodb, other, tmp_path, resume=True)
    assert carry_out(dynamodb, plan, tmp_path, resume=True)[0].validated


def test_a_big_table_goes_through_the_bucket(
    dynamodb: DynamoDb, plan: CopyPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tee_infra.core.data.copy_policy.AWS_ROUTE_BYTES", 0)
    assert AWS_ROUTE_BYTES > 0
    big = planned(dynamodb, bucket="bucket")
    assert [table.route for table in big.tables] == ["aws"]
    assert planned(dynamodb, bucket="bucket", condition=parse_scan_filter(["a = 1"])).tables[0].route == "wire"

    in_aws = create_autospec(module.copy_in_aws, return_value=BulkLoad(processed=3, failed=1))
    monkeypatch.setattr(module, "copy_in_aws", in_aws)
    (result,) = carry_out(dynamodb, big, tmp_path)
    assert in_aws.call_args.kwargs["bucket"] == "bucket"
    assert (result.read, result.written, result.validated) == (3, 2, False)


def header(plan: CopyPlan, dynamodb: DynamoDb) -> tuple[str, str, int]:
    found = module._header(dynamodb, dynamodb, plan)
    assert found.source == f"{dynamodb.endpoint} staging"
    assert found.target == f"{dynamodb.endpoint} dev"
    assert found.tables == (("staging-tee-admin", "dev-tee-admin"),)
    return found.transform, found.filter, found.segments


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, ("", " limit None", 8)),
        ({"condition": parse_scan_filter(["role = admin"]), "limit": 3}, ("", "role = admin limit 3", 1)),
        ({"choice": SubsetOptions(key=None)}, ("adb2c4e7c28f7132", "", 8)),
        ({"choice": SubsetOptions(key=KEY)}, ("ffbacda6439c85e3", "", 8)),
        ({"choice": SubsetOptions(key=KEY, fraction=0.05)}, ("ea2d6b86fa34cc9c", "", 8)),
    ],
)
def test_checkpoints_of_earlier_versions_still_belong_to_their_copies(
    dynamodb: DynamoDb, plan: CopyPlan, chosen: dict[str, Any], expected: tuple[str, str, int]
) -> None:
    ends = copy_side("staging"), copy_side("dev")
    assert header(prepare_copy(dynamodb, dynamodb, ends, ["tee-admin"], **chosen), dynamodb) == expected


def test_a_copy_of_members_does_not_go_on_with_a_plain_one(dynamodb: DynamoDb, plan: CopyPlan, tmp_path: Path) -> None:
    module.ResumeFile.open(tmp_path / "checkpoint", module._header(dynamodb, dynamodb, plan), resume=False).close(
        done=False
    )
    ends = copy_side("staging"), copy_side("dev")
    other = prepare_copy(dynamodb, dynamodb, ends, ["tee-admin"], choice=SubsetOptions(key=None))
    with pytest.raises(ForeignResumePointError, match="transform"):
        carry_out(dynamodb, other, tmp_path, resume=True)
