"""`tee-infra local fault …` and `local clock`, as they are typed."""

from pathlib import Path
from typing import Any

import pytest

from tests.local.clients import client, make_table
from tests.support.checkout import Checkout, copy_stack_files
from tests.support.prepared import ACCOUNT, Prepared

TABLE = "dev-tee-admin"
STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


@pytest.fixture
def checkout(prepared: Prepared, tmp_path: Path) -> Checkout:
    lent = prepared.checkout(tmp_path, ACCOUNT)
    make_table(prepared.running(), TABLE, StreamSpecification=STREAM)
    return lent


def test_what_is_typed_is_what_happens(checkout: Checkout, prepared: Prepared) -> None:
    def result(line: str) -> Any:
        ended = checkout.tee(*line.split(), "--json")
        assert ended.code == 0, ended.err
        return ended.json

    assert result(f"local fault split {TABLE}") == {"physical_name": TABLE, "open_shards": 2}
    assert result(f"local fault close {TABLE}") == {"physical_name": TABLE, "open_shards": 2}
    client(prepared.running(), "dynamodb").put_item(TableName=TABLE, Item={"pk": {"S": "a"}})
    assert result(f"local fault trim {TABLE}") == {"physical_name": TABLE, "trimmed_records": 1}
    late = {"table": TABLE, "percent": 20, "seconds": 5.0}
    assert result(f"local fault late {TABLE} 20% 5s")["late"] == [late]
    throttled = {"table": TABLE, "percent": 30}
    assert result(f"local fault throttle {TABLE} 30%")["throttled"] == [throttled]
    assert result("local fault policy-delay 2m") == {
        "late": [late],
        "throttled": [throttled],
        "late_writes_waiting": 0,
        "policy_delay_seconds": 120.0,
    }
    assert "no fault is set" in checkout.tee("local", "fault", "clear").out
    assert result("local clock +49h")["ahead_seconds"] == 49 * 3600
    assert "2 d 3 h ahead; 0 items have expired" in checkout.tee("local", "clock", "+2h").out
    assert result("local clock reset")["ahead_seconds"] == 0


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("local fault split absent", 3, "embedded AWS: there is no table absent. Nothing was changed"),
        (f"local fault throttle {TABLE}", 3, f"{TABLE} has no maximum throughput. Nothing was changed"),
        (f"local fault late {TABLE} 0% 5s", 2, "'0%' is not"),
        (f"local fault late {TABLE} 5% 5", 2, "'5' is not a duration, e.g. 5s, 90m or 49h"),
        ("local clock 49h", 2, "'49h' is not a move of the clock, e.g. +49h, or reset"),
        ("local clock +9999d", 3, "its clock would be more than 10 years ahead. Nothing was changed"),
    ],
)
def test_what_is_not_possible_is_refused(checkout: Checkout, line: str, code: int, said: str) -> None:
    ended = checkout.tee(*line.split())
    assert (ended.code, said in ended.err) == (code, True), ended.err


def test_without_a_running_embedded_aws_it_says_so(tmp_path: Path) -> None:
    copy_stack_files(tmp_path)
    ended = Checkout(tmp_path, in_process=True).tee("local", "fault", "clear")
    assert (ended.code, "embedded AWS: not running" in ended.err) == (1, True), ended.err
