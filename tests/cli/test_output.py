import json
from dataclasses import replace

import pytest
from pydantic import BaseModel

from tee_infra.cli.output import Output, confirm_by_name, refill_lines, run_json, run_lines, table
from tee_infra.core.changes.engine_run import Change, EngineRun, Ignored
from tee_infra.core.cost import prices
from tee_infra.core.cost.resource import TABLE, Cost
from tee_infra.core.environments import parse_environment
from tee_infra.core.target import EMBEDDED_ACCOUNT_ID, AwsTarget, TargetFacts
from tee_infra.errors import PartialError, UsageError

ACCOUNT = "111122223333"
PLAN = EngineRun(
    changes=(
        Change(operation="update", type="t:U", name="budget", urn="u", differences={"limit": "update"}),
        Change(operation="replace", type="t:T", name="admin", urn="a", differences={"hashKey": "update-replace"}),
    )
)


class Found(BaseModel):
    a: int


def test_under_json_standard_output_is_one_document_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=True)
    output.say("target: somewhere")
    output.result(Found(a=1), ["a is 1"])
    assert capsys.readouterr() == ("", "target: somewhere\n")
    output.target = TargetFacts(environment="dev", account_id=ACCOUNT, region="eu-central-1", embedded=False)
    output.end()
    target = {"environment": "dev", "account_id": ACCOUNT, "region": "eu-central-1", "embedded": False}
    assert json.loads(capsys.readouterr().out) == {"target": target, "result": {"a": 1}}


def test_the_embedded_aws_has_no_account(capsys: pytest.CaptureFixture[str]) -> None:
    here = AwsTarget(
        environment="dev", account_id=EMBEDDED_ACCOUNT_ID, region="us-east-1", endpoint="http://127.0.0.1:1"
    )
    Output(as_json=True, target=here.facts()).end()
    assert json.loads(capsys.readouterr().out)["target"]["account_id"] is None


@pytest.mark.parametrize("found", [True, False])
def test_a_failure_is_in_the_same_document_as_the_result(capsys: pytest.CaptureFixture[str], found: bool) -> None:
    output = Output(as_json=True)
    if found:
        output.result(Found(a=1), [])
    output.end(PartialError("two sides differ", next="Look"))
    told = json.loads(capsys.readouterr().out)
    assert told["error"] == {"code": "partial", "message": "two sides differ", "next": "Look"}
    assert told.get("result") == ({"a": 1} if found else None)
    assert ("result" in told) is found


def test_for_people_everything_is_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output()
    output.say("target: somewhere")
    output.result(Found(a=1), ["a is 1"])
    assert capsys.readouterr().out == "target: somewhere\na is 1\n"


def test_a_plan_shows_first_what_is_lost_and_the_paths_that_differ() -> None:
    assert run_lines(PLAN) == [
        "  ± replace  t:T  admin",
        "      hashKey (update-replace)",
        "  ~ update   t:U  budget",
        "      limit (update)",
        "  1 to update, 1 to replace",
    ]


def test_a_plan_for_scripts_counts_as_well() -> None:
    assert run_json(PLAN)["counts"] == {"update": 1, "replace": 1}


def test_a_plan_says_what_aws_never_hears_of() -> None:
    plan = EngineRun(ignored=(Ignored(name="data-tee-admin", urn="u", paths=("attributes[1].type",)),))
    assert run_lines(plan) == [
        "  ! data-tee-admin: attributes[1].type differ but are never sent to AWS; the table is not changed",
        "  no changes",
    ]
    assert run_json(plan)["ignored"] == [{"name": "data-tee-admin", "urn": "u", "paths": ["attributes[1].type"]}]


def test_a_plan_for_scripts_has_the_class_of_tables_and_the_cost() -> None:
    table_change = Change(operation="replace", type=TABLE, name="admin", urn="a", cost_after=Cost(usd=1.005))
    told = run_json(EngineRun(changes=(table_change, *PLAN.changes)))
    assert [change["class"] for change in told["changes"]] == ["breaking", None, None]
    assert told["monthly_usd"] == pytest.approx(1.0, abs=0.01)
    assert told["prices_as_of"] == prices.AS_OF.isoformat()


def test_a_plan_that_up_refuses_is_shown_whole_and_marked() -> None:
    kept = Change(operation="replace", type=TABLE, name="admin", urn="kept", protected=True)
    plan = EngineRun(changes=(kept, *PLAN.changes))
    assert run_lines(plan)[:2] == [
        f"  ± replace  {TABLE}  admin",
        "      blocked: protected, and a replacement would lose its items",
    ]
    assert run_lines(plan)[-1].endswith("(1 blocked, so up refuses the whole plan)")
    marks = [change["blocked"] for change in run_json(plan)["changes"]]
    assert marks == ["protected, and a replacement would lose its items", None, None]


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert table(("A", "B"), [("long", "x")]) == ["A     B", "long  x"]


def test_json_without_yes_is_refused_because_nobody_can_answer() -> None:
    with pytest.raises(UsageError, match="Add --yes"):
        confirm_by_name(Output(as_json=True), "dev", "Sure?", yes=False)


def test_yes_does_not_ask() -> None:
    confirm_by_name(Output(), "dev", "Sure?", yes=True)


def test_a_replaced_table_is_reported_as_empty_with_the_ways_to_fill_it() -> None:
    replaced = Change(operation="replace", type=TABLE, name="data-tee-admin", urn="u")
    lines = refill_lines(parse_environment("dev"), EngineRun(changes=(replaced,)))
    assert lines[:3] == ["dev-tee-admin: replaced, so it is empty now", "To fill it:", "  tee-infra data seed dev"]
    production = refill_lines(parse_environment("prod"), EngineRun(changes=(replaced,)))
    assert production[1:] == ["To fill it:", "  tee-infra backup restore prod --input DIR"]
    others = [replace(replaced, operation=operation) for operation in ("create", "update")]
    assert refill_lines(parse_environment("dev"), EngineRun(changes=(*others, replace(replaced, type="x")))) == []
