"""GitHub without GitHub: real branches on a bare repository, and the workflows' own commands in the order of events."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tee_infra.core.times import render_time
from tests.e2e.runner import Runner, clone_for_jobs
from tests.support.checkout import Done
from tests.support.features import checkpoint_of
from tests.support.git_repositories import Clone, clone_in
from tests.support.github_stand_in import GitHub, serve
from tests.support.pipelines import created, deleted, event, pull_request, pushed
from tests.support.prepared import STARTED, Prepared

pytestmark = pytest.mark.engine


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A developer's."""
    return clone_in(tmp_path)


@pytest.fixture
def github() -> Iterator[GitHub]:
    with serve(GitHub()) as host:
        yield host


@pytest.fixture
def runner(prepared: Prepared, clone: Clone, github: GitHub) -> Runner:
    directory = clone_for_jobs(clone.directory.parent / "runner", clone.origin)
    return Runner(prepared.lend(directory, STARTED), environ={"GITHUB_API_URL": github.url})


def test_an_environment_lives_and_ends_with_its_branch(clone: Clone, runner: Runner) -> None:
    branch = "feature/new-auth"
    head = clone.push_branch(branch)
    for context in (created(branch), pushed(branch)):
        succeeded(runner.handle("feature", context, commit=head))
        assert "feature-new-auth" in environments(runner)

    clone.git("merge", "--quiet", "--no-ff", branch)
    clone.git("push", "--quiet", "origin", "main")
    assert "(in 1 d)" in succeeded(runner.handle("feature", pull_request(branch))).out
    assert "feature-new-auth" in environments(runner)
    clone.git("push", "--quiet", "origin", "--delete", branch)
    succeeded(runner.handle("feature", deleted(branch)))
    assert "feature-new-auth" not in environments(runner)

    (late,) = runner.handle("feature", pushed(branch), commit=head)
    assert late.code == 3
    assert "feature-new-auth" not in environments(runner)


def test_a_pull_request_has_one_comment_for_each_stack(clone: Clone, runner: Runner, github: GitHub) -> None:
    branch = "feature/told"
    head = clone.push_branch(branch)
    number = github.open_pull(branch)
    opened = pull_request(branch, number=number)
    succeeded(runner.handle("preview", opened, commit=head))
    succeeded(runner.handle("feature", created(branch), commit=head))
    before = comments(github, number)
    assert {stack: good for stack, (_, good) in before.items()} == {"staging": True, "feature-told": True}

    clone.git("switch", "--quiet", branch)
    (clone.directory / "Pulumi.staging.yaml").write_text("config: nonsense")
    clone.git("commit", "--quiet", "--all", "--message", "broken")
    clone.git("push", "--quiet", "origin", branch)
    checkpoint_of(runner.checkout, "feature-told").write_text("")
    for workflow, context in (("preview", opened), ("feature", pushed(branch))):
        (failed,) = runner.handle(workflow, context, commit=clone.git("rev-parse", "HEAD"))
        assert failed.code != 0
    clone.git("switch", "--quiet", "main")
    assert comments(github, number) == {stack: (comment, False) for stack, (comment, _) in before.items()}


def test_what_no_event_has_ended_the_schedule_does(clone: Clone, runner: Runner) -> None:
    """Both leases are over. One branch is gone, and the event was lost; the other's head is a pull request's."""
    for branch in ("feature/lost", "feature/reviewed"):
        succeeded(runner.handle("feature", created(branch), commit=clone.push_branch(branch)))
    clone.git("push", "--quiet", "origin", "feature/reviewed:refs/pull/7/head")
    clone.git("push", "--quiet", "origin", "--delete", "feature/lost")

    later = datetime.now(UTC) + timedelta(days=4)
    seen = [codes(runner, later + timedelta(hours=hours)) for hours in (0, 2)]
    assert [found["feature-reviewed"] for found in seen] == ["pull-request-unknown", "pull-request-unknown"]
    assert [found["feature-lost"] for found in seen] == ["grace", "expired"]
    assert "feature-reviewed" in environments(runner)
    assert "feature-lost" not in environments(runner)


def comments(github: GitHub, number: int) -> dict[str, tuple[int, bool]]:
    """Of each stack the one comment's id, and whether it tells of no failure."""
    found = [
        (comment["body"].splitlines(), comment["id"]) for comment in github.comments if comment["number"] == number
    ]
    told = {lines[0].removesuffix(" -->").rpartition("/")[2]: (id_, "❌" not in lines[1]) for lines, id_ in found}
    assert len(told) == len(found)
    return told


def environments(runner: Runner) -> set[str]:
    return {table.rsplit("-tee-")[0] for table in runner.checkout.tables()}


def codes(runner: Runner, now: datetime) -> dict[str, str]:
    """The reason's code of each decision. Its token asks nobody: the repository is the placeholder."""
    ran = runner.handle("cleanup", event("schedule", "refs/heads/main", {}), "--json", "--now", render_time(now))
    return {decision["environment"]: decision["reason_code"] for decision in succeeded(ran).json["decisions"]}


def succeeded(ran: list[Done]) -> Done:
    (done,) = ran
    assert done.code == 0, done.err
    return done
