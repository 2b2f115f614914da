"""Whatever becomes of a run, its reviewers are told, and what it says of AWS stays true."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tee_infra.core.changes.engine_run import Change, EngineRun, Violation
from tee_infra.core.review.facts import Action, marker
from tee_infra.core.review.github_event import NoPullRequestError
from tee_infra.errors import RefusedError
from tee_infra.scm.github_api import GitHubError
from tee_infra.stacks import EngineError, refusal
from tee_infra.workflows.review.comment import (
    Audience,
    CommentFileError,
    RunSummary,
    attempt,
    audience,
    publish,
)
from tests.support.github_stand_in import Fault, GitHub, serve

NOW = datetime(2026, 11, 27, tzinfo=UTC)
MARKER = marker("tee-infra", "dev")
PLAN = EngineRun(changes=(Change(operation="create", type="aws:iam/role:Role", name="app", urn="u"),))
DENIED = Fault(status=403, message="Resource not accessible by integration")


@pytest.fixture
def github() -> Iterator[GitHub]:
    with serve(GitHub()) as host:
        host.open_pull("feature/x")
        yield host


def job(host: GitHub, ref: str = "refs/pull/1/merge") -> dict[str, str]:
    return {
        "GITHUB_API_URL": host.url,
        "GITHUB_TOKEN": host.token,
        "GITHUB_REPOSITORY": host.repository,
        "GITHUB_REF": ref,
        "GITHUB_SHA": "abc123",
    }


def run(to: Audience, action: Action = "preview", error: BaseException | None = None) -> list[str]:
    """A run that ends so; what was reported."""
    reported: list[str] = []
    known = RunSummary(now=NOW, run=PLAN)

    def carry_out() -> RunSummary:
        if error:
            raise error
        return known

    publish(to, "dev", action, attempt(known, carry_out), reported.append)
    return reported


def test_nobody_is_told_of_a_run_that_nobody_asked_about(tmp_path: Path) -> None:
    to = audience({"GITHUB_TOKEN": "t0ken", "GITHUB_REF": "refs/pull/1/merge"}, None, post=False)
    assert to.nobody
    assert run(to) == []


def test_one_comment_says_how_the_last_run_ended(github: GitHub) -> None:
    to = audience(job(github), None, post=True)
    assert run(to)[0].startswith("review comment: posted at http://127.0.0.1")
    assert "1 to create" in github.bodies(1)[0]
    with pytest.raises(EngineError):
        run(to, "up", EngineError("dev", ["no such table"]))
    (body,) = github.bodies(1)
    assert body.startswith(MARKER)
    assert "❌ The deployment of <code>dev</code> failed" in body
    assert "no such table" in body
    assert "abc123" in body
    run(to, "up")
    (body,) = github.bodies(1)
    assert "✅ <code>dev</code> is deployed: 1 created" in body


def test_a_file_gets_the_same(tmp_path: Path, github: GitHub) -> None:
    file = tmp_path / "comment.md"
    to = audience(job(github), file, post=True)
    run(to)
    assert file.read_text() == github.bodies(1)[0]
    with pytest.raises(RefusedError):
        run(to, error=RefusedError("'x' is not 'dev'; nothing was changed"))
    assert "nothing was changed" in file.read_text()
    assert file.read_text() == github.bodies(1)[0]


def test_a_file_needs_no_github(tmp_path: Path) -> None:
    file = tmp_path / "comment.md"
    assert run(audience({}, file, post=False)) == [f"review comment: written to {file}"]
    assert file.read_text().startswith(MARKER)


def test_a_file_that_cannot_be_written_is_said_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(CommentFileError, match=r"No such file or directory\. Nothing was changed\. Choose a new file"):
        audience({}, tmp_path / "missing" / "comment.md", post=False)


@pytest.mark.parametrize("variable", ["GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_REF"])
def test_what_post_needs_is_asked_for_before_anything_runs(github: GitHub, variable: str) -> None:
    environ = {name: value for name, value in job(github).items() if name != variable}
    with pytest.raises(NoPullRequestError, match=f"--post needs {variable}"):
        audience(environ, None, post=True)
    assert github.asked == []


def test_the_event_names_the_pull_request_where_the_ref_does_not(github: GitHub, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 1, "head": {"sha": "def456"}}}))
    run(audience(job(github, "refs/heads/main") | {"GITHUB_EVENT_PATH": str(event)}, None, post=True))
    assert "def456" in github.bodies(1)[0]


def test_a_push_finds_the_open_pull_request_of_its_branch(github: GitHub) -> None:
    run(audience(job(github, "refs/heads/feature/x"), None, post=True))
    run(audience(job(github, "refs/heads/main"), None, post=True, branch="feature/x"))
    assert len(github.bodies(1)) == 1


def test_a_branch_without_a_pull_request_is_nothing_to_fail_for(github: GitHub) -> None:
    told = run(audience(job(github, "refs/heads/feature/new"), None, post=True))
    assert told == ["review comment: not posted, as acme/app has no open pull request of feature/new"]
    assert github.comments == []


def test_a_preview_that_nobody_could_be_told_of_has_failed(github: GitHub) -> None:
    to = audience(job(github), None, post=True)
    github.faults.append(DENIED)
    with pytest.raises(GitHubError, match="Resource not accessible"):
        run(to)


def test_an_up_that_went_well_went_well_whatever_github_says(github: GitHub) -> None:
    to = audience(job(github), None, post=True)
    github.faults.append(DENIED)
    (told,) = run(to, "up")
    assert told.startswith("review comment: not updated: GitHub: ")


@pytest.mark.parametrize("action", ["preview", "up"])
def test_a_run_that_failed_keeps_its_own_error(github: GitHub, action: Action) -> None:
    to = audience(job(github), None, post=True)
    github.faults.append(DENIED)
    with pytest.raises(EngineError, match="no such table"):
        run(to, action, EngineError("dev", ["no such table"]))


def test_a_run_that_was_cancelled_tells_so_without_waiting(github: GitHub) -> None:
    to = audience(job(github), None, post=True)
    with pytest.raises(KeyboardInterrupt):
        run(to, "up", KeyboardInterrupt())
    assert "interrupted" in github.bodies(1)[0]
    github.faults += [Fault(status=429, headers={"Retry-After": "30"})] * 2
    with pytest.raises(KeyboardInterrupt):
        run(to, "up", KeyboardInterrupt())
    assert len(github.faults) == 1


def test_an_error_comes_with_what_the_run_had_seen(tmp_path: Path) -> None:
    file = tmp_path / "comment.md"
    seen = EngineRun(
        changes=(Change(operation="create", type="t", name="half", urn="u", outcome="done"),),
        violations=(Violation(pack="p", policy="caps", message="no cap", mandatory=True),),
    )
    with pytest.raises(EngineError):
        run(audience({}, file, post=False), "up", EngineError("dev", ["policy caps: no cap"], seen))
    text = file.read_text()
    assert "<code>half</code>" in text
    assert "mandatory policy violations: 1" in text
    assert text.count("no cap") == 1


@pytest.mark.parametrize("action", ["preview", "up"])
@pytest.mark.parametrize("shared", [False, True])
def test_a_plan_that_up_refuses_is_refused_and_told_whole(tmp_path: Path, action: Action, shared: bool) -> None:
    """The preview has only the plan; `up` ended with the refusal."""
    file = tmp_path / "comment.md"
    lost = Change(operation="replace", type="aws:dynamodb/table:Table", name="t", urn="t", protected=not shared)
    plan = EngineRun(changes=(*PLAN.changes, lost), shared=("t",) if shared else ())
    refused = refusal("prod", plan)
    assert refused is not None
    known = RunSummary(now=NOW)

    def carry_out() -> RunSummary:
        if action == "up":
            raise refused
        return replace(known, run=plan)

    with pytest.raises(type(refused), match=r"[Nn]othing was changed"):
        publish(audience({}, file, post=False), "prod", action, attempt(known, carry_out), lambda _: None)
    text = file.read_text()
    assert "⛔ <code>prod</code>: blocked, 1 to replace, 1 to create (1 blocked)" in text
    assert "⛔&nbsp;blocked" in text
    assert "<code>app</code>" in text
    assert ("tee-infra repair prod" if shared else "prod-v2") in text
    assert "✅" not in text


def test_an_error_that_nobody_foresaw_is_told_as_well(tmp_path: Path) -> None:
    file = tmp_path / "comment.md"
    with pytest.raises(ZeroDivisionError):
        run(audience({}, file, post=False), error=ZeroDivisionError("division by zero"))
    assert "ZeroDivisionError: division by zero" in file.read_text()


def test_what_was_known_before_a_failure_is_told_with_it(tmp_path: Path) -> None:
    file = tmp_path / "comment.md"
    known = RunSummary(now=NOW, expires_at=NOW + timedelta(hours=5))

    def fail() -> RunSummary:
        raise RefusedError("its lock is lost")

    told = attempt(known, fail)
    assert (told.expires_at, str(told.error)) == (known.expires_at, "its lock is lost")
    with pytest.raises(RefusedError, match="its lock is lost"):
        publish(audience({}, file, post=False), "dev", "up", told, lambda _: None)
    assert "expires in 5 h 0 min" in file.read_text()


def test_what_a_run_returns_is_what_it_tells() -> None:
    known = RunSummary(now=NOW)
    assert attempt(known, lambda: replace(known, run=PLAN)) == RunSummary(now=NOW, run=PLAN)
