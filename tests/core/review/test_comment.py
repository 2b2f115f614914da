"""Comments of recorded runs of the real engine; `record_events` and `comments` in `tests/support` made them."""

import json
import random
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pulumi.automation.events import EngineEvent

from tee_infra.core.changes.engine_run import Change, EngineRun, Violation
from tee_infra.core.cost.environment import monthly_usd
from tee_infra.core.environments import parse_environment
from tee_infra.core.review.comment import render
from tee_infra.core.review.facts import Review, marker
from tee_infra.core.settings import settings_for
from tee_infra.stacks.events import EventCollector
from tests.support.comments import NOW, plan_of, reviews, snapshot
from tests.support.record_events import LOGS, SECRET

REVIEWS = reviews()
each = pytest.mark.parametrize("name", sorted(REVIEWS))


def test_every_recorded_run_has_a_comment() -> None:
    assert {path.stem for path in LOGS.glob("*.jsonl")} == REVIEWS.keys()


@each
def test_a_recorded_run_makes_the_comment_that_was_looked_at(name: str) -> None:
    assert render(REVIEWS[name]) == snapshot(name).read_text()


@each
def test_events_in_another_order_make_the_same_comment(name: str) -> None:
    lines = (LOGS / f"{name}.jsonl").read_text().splitlines()
    steps = [line for line in lines if '"resourcePreEvent"' in line or '"policyEvent"' in line]
    random.Random(4).shuffle(steps)
    run = EventCollector(report=lambda _: None)
    for line in [*steps, *(line for line in lines if line not in steps)]:
        run.on_event(EngineEvent.from_json(json.loads(line)))
    assert render(replace(REVIEWS[name], run=run.result())) == snapshot(name).read_text()


@each
def test_no_value_of_a_resource_is_in_the_comment(name: str) -> None:
    comment = render(replace(REVIEWS[name], problems=()))
    told = {value for event in events(name) for value in values(event)}
    facts = {change.name for change in REVIEWS[name].run.changes} | {REVIEWS[name].environment}
    words = set(re.findall(r"[\w./:@-]+", re.sub(r"<[^>]*>", " ", comment)))
    # Short values are words that anybody uses, `pk` or `dev`, and so are these two.
    facts |= {"us-east-1", "feature"}
    assert {value for value in told - facts if len(value) > 5} & words == set()


def test_a_secret_is_in_no_log_and_in_no_comment() -> None:
    log = (LOGS / "mixed-preview.jsonl").read_text()
    assert log.count("[secret]") > 2
    assert SECRET not in log
    comment = render(REVIEWS["mixed-preview"])
    assert "<code>password</code>" in comment
    assert "secret" not in comment


def test_the_logs_say_nothing_of_the_machine() -> None:
    for path in LOGS.glob("*.jsonl"):
        assert not re.search(r"/(home|root|tmp|Users|work)/|127\.0\.0\.1:(?!4566)", path.read_text()), path


def test_a_message_that_tells_a_secret_is_told_without_it() -> None:
    told = "denied: password=open-sesame"
    violation = Violation(pack="rules", policy="plain", message=told, mandatory=True)
    comment = render(Review(**facts() | {"problems": (told,), "run": EngineRun(violations=(violation,))}))
    assert "open-sesame" not in comment
    assert comment.count("hidden") == 2


def test_what_is_lost_comes_first() -> None:
    comment = render(REVIEWS["mixed-preview"])
    places = [comment.index(text) for text in ("CAUTION", "Deleted or replaced", "Updated in place", "#### Created")]
    assert places == sorted(places)
    assert comment.startswith(marker("tee-infra", "dev") + "\n")


def test_a_failure_is_never_green_and_says_how_far_it_came() -> None:
    comment = render(REVIEWS["failed-up"])
    assert "✅" not in comment
    assert "ResourceInUseException" in comment
    assert re.findall("#### (.*)", comment) == ["Errors", "Completed before the failure"]
    failed_twice = replace(REVIEWS["nothing"], problems=("no credentials",))
    assert "❌" in render(failed_twice)


def test_what_an_interrupted_up_has_begun_is_told_apart() -> None:
    run = EngineRun(changes=(change("a", outcome="begun"), change("b", outcome="done"), change("c", outcome="planned")))
    comment = render(Review(**facts() | {"action": "up", "run": run, "problems": ("killed",)}))
    begun, done, planned = (comment.index(f"<code>{name}</code>") for name in "abc")
    assert comment.index("Started, may be incomplete") < begun < comment.index("Completed before the failure") < done
    assert done < comment.index("the list may be incomplete") < planned


def test_the_estimate_from_events_is_the_one_from_settings() -> None:
    """Two ways to one number: what the engine would make of production, and what its settings ask for."""
    settings = settings_for(parse_environment("prod"), {"name": "prod", "owner": "platform"})
    assert plan_of("prod-preview").monthly_usd == pytest.approx(monthly_usd(settings, 0))
    assert all(change.cost_after is not None for change in plan_of("prod-preview").changes)
    assert f"| At rest | +${monthly_usd(settings, 0):.2f} |" in render(REVIEWS["prod-preview"])


def test_many_creates_are_folded_and_few_are_not() -> None:
    def created(count: int) -> str:
        return render(Review(**facts() | {"run": EngineRun(changes=tuple(change(f"r{n}") for n in range(count)))}))

    assert "<details>" not in created(10)
    assert "<details><summary><b>Created</b>: 11 resources</summary>" in created(11)


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(days=2, hours=4, minutes=59), "expires in 2 d 4 h ("),
        (timedelta(hours=23, minutes=5), "expires in 23 h 5 min ("),
        (timedelta(hours=-3), "expired 3 h 0 min ago ("),
    ],
)
def test_the_lease_counts_down(left: timedelta, said: str) -> None:
    assert said in render(Review(**facts() | {"expires_at": NOW + left}))


def test_an_address_that_is_none_is_left_out() -> None:
    assert "](" not in render(Review(**facts() | {"run_url": "https://x/) [click](javascript:alert(1)"}))
    assert "](https://x/runs/1)" in render(Review(**facts() | {"run_url": "https://x/runs/1"}))


def test_a_stream_that_changes_is_said_although_the_change_is_safe() -> None:
    stream = change("t", operation="update", type="aws:dynamodb/table:Table", differences={"streamViewType": "update"})
    assert "new ARN" in render(Review(**facts() | {"run": EngineRun(changes=(stream,))}))


def facts() -> dict[str, Any]:
    return {"project": "tee-infra", "environment": "dev", "action": "preview", "run": EngineRun(), "now": NOW}


def change(name: str, **more: Any) -> Change:
    return Change(**{"operation": "create", "type": "aws:iam/role:Role", "name": name, "urn": f"urn::{name}", **more})


def events(name: str) -> list[Any]:
    return [json.loads(line) for line in (LOGS / f"{name}.jsonl").read_text().splitlines()]


def values(event: Any) -> list[str]:
    """Every value that a resource had or would have."""
    step = event.get("resourcePreEvent") or event.get("resOutputsEvent") or {"metadata": {}}
    states = [step["metadata"].get(side) or {} for side in ("old", "new")]
    return [text for state in states for part in ("inputs", "outputs") for text in leaves(state.get(part))]


def leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in leaves(part)]
    if isinstance(value, list):
        return [text for part in value for text in leaves(part)]
    return [str(value)]
