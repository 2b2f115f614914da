from datetime import timedelta

import pytest

from tee_infra.cli.features.report import about_lines, confirm_losses, created_lines, lease_line, require_feature
from tee_infra.cli.output import Output
from tee_infra.core.changes.engine_run import Change, EngineRun, Operation
from tee_infra.core.environments import parse_environment
from tee_infra.core.lifecycle.record import Hold
from tee_infra.errors import UsageError
from tests.support.homes import NOW, record_of

HOUR = timedelta(hours=1)


def plan(operation: Operation) -> EngineRun:
    return EngineRun(
        changes=(Change(operation=operation, type="aws:dynamodb/table:Table", name="data-x", urn="urn:x"),)
    )


def test_the_lease_is_told_with_its_countdown_its_end_and_what_holds_it() -> None:
    record = record_of("feature-x", ttl_seconds=5 * 3600)
    extend = "tee-infra feature extend feature-x --ttl 72h"
    soon = f"lease until 2026-12-01T03:00:00Z (in 3 h); ends soon, to extend it: {extend}"
    assert lease_line(record, NOW) == soon
    assert lease_line(record, NOW - 72 * HOUR) == "lease until 2026-12-01T03:00:00Z (in 3 d 3 h)"
    assert lease_line(record, NOW + 4 * HOUR) == "lease expired 2026-12-01T03:00:00Z (1 h ago)"
    held = record.with_changes(hold=Hold(reason="the demo", until=NOW + HOUR, by="ann"))
    assert lease_line(held, NOW) == f"{soon}; held until 2026-12-01T01:00:00Z by ann: the demo"
    assert lease_line(held, NOW + 2 * HOUR) == soon.replace("in 3 h", "in 1 h")
    gone = record.with_changes(state="destroyed", destroyed_at=NOW)
    assert lease_line(gone, NOW + HOUR) == "destroyed 2026-12-01T00:00:00Z (1 h ago)"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"seeded": True}, "initial data: synthetic"),
        ({"seed": "none"}, "initial data: none"),
        ({"seed": "anonymized"}, "initial data: anonymized, not written yet"),
    ],
)
def test_what_it_was_filled_with_is_told(fields: dict[str, object], said: str) -> None:
    assert about_lines(record_of("feature-x", **fields), NOW)[-1] == f"  {said}"


def test_the_report_says_how_to_use_it() -> None:
    lines = created_lines(record_of("feature-x"), plan("create"), {"STAGE": "feature-x", "ODD": "a b"}, NOW)
    assert lines[0] == "feature-x: ready, 1 created"
    assert "tee-admin        feature-x-tee-admin" in lines
    assert lines[-3:] == ["  tee-infra run feature-x -- yarn web", "  export STAGE=feature-x", "  export ODD='a b'"]


@pytest.mark.parametrize("operation", ["delete", "replace"])
def test_nobody_is_asked_under_json_and_what_is_lost_needs_an_answer(operation: Operation) -> None:
    with pytest.raises(UsageError, match=r"--json: cannot ask for confirmation\. Nothing was changed\. Add --yes"):
        confirm_losses(Output(as_json=True), "feature-x", yes=False)(plan(operation))
    confirm_losses(Output(as_json=True), "feature-x", yes=True)(plan(operation))


def test_what_only_adds_needs_no_answer() -> None:
    for operation in ("create", "update"):
        confirm_losses(Output(as_json=True), "feature-x", yes=False)(plan(operation))


def test_what_stands_has_no_lease() -> None:
    with pytest.raises(UsageError, match="dev: permanent environment; only feature environments have a lease"):
        require_feature(parse_environment("dev"))
