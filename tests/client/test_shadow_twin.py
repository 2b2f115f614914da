"""Answers are compared, and shadow reads counted, in TypeScript as in Python: one table of answers for both."""

import json
from pathlib import Path
from typing import Any

import pytest

from tee_infra.client.shadow_counts import BUCKETS, FASTEST, STEP, bucket, comparable
from tee_infra.core.cutover import shadow_reads as operator
from tests.client.test_scenarios import prepare
from tests.support.typescript import run_script, slot_tables

ANSWERS = json.loads((Path(__file__).parent / "answers.json").read_text())
SECONDS = [0, 1e-9, *(FASTEST * STEP**index * part for index in range(BUCKETS + 9) for part in (0.99, 1, 1.01)), 3600]
A = {"pk": {"S": "a"}, "data": {"B": b"1"}}


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer[0])
def test_answers_are_compared_in_one_form(answer: list[Any]) -> None:
    _, operation, request, one, two, equal = answer
    texts = [comparable(operation, request, each) for each in (one, two)]
    assert (None if None in texts else texts[0] == texts[1]) is equal


def test_typescript_compares_and_counts_alike(moto_endpoint: str, tmp_path: Path) -> None:
    shorter = {"const LAG = 2;": "const LAG = 0.4;"}
    folder = slot_tables(tmp_path, edits=shorter, more="\nexport { comparable, latencyBucket };\n")
    control = prepare(moto_endpoint)
    control.set("ACTIVE", 1)
    for name, number in (("prod", "1.50"), ("prod-v2", "1.5")):
        control.client.put_item(TableName=f"{name}-tee-admin", Item=A | {"n": {"N": number}})
    for key in ("only in the old slot", "arrives later"):
        control.client.put_item(TableName="prod-tee-admin", Item={"pk": {"S": key}})
    found = json.loads(run_script(folder, "shadow.mjs", moto_endpoint, json.dumps(ANSWERS), json.dumps(SECONDS)))
    assert found["verdicts"] == {name: equal for name, *_, equal in ANSWERS}
    assert found["buckets"] == [bucket(seconds) for seconds in SECONDS]
    items, now = control.items.collection("pointer#prod")
    read = operator.read_shadow_reads(items, "prod-v2", now, None)
    assert isinstance(read, operator.ShadowReads)
    assert read.tables == {"tee-admin": operator.ShadowTable(reads=6, mismatches=1)}
    assert read.p99_ratio is not None
