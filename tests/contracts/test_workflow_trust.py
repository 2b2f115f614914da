"""Whom a workflow trusts: no name of a branch enters another group, and no fork and no bot gets a role."""

from itertools import combinations
from typing import Any

import pytest

from tests.support.pipelines import (
    acting,
    all_workflows,
    created,
    deleted,
    event,
    group_of,
    pull_request,
    pushed,
    runs,
)

# Names that git allows, each near the group of another workflow, another event or another branch.
HOSTILE = [
    "cleanup", "cleanup-all", "all", "env-cleanup", "preview", "staging", "staging-preview-7", "preview-staging-7",
    "staging/7", "7", "dev", "none", "none-101", "feature", "feature/", "feature/x", "feature-x", "feature/none-101",
    "feature/cleanup", "feature/x/", "feature/feature/x", "${{github.run_id}}", "{0}", "true", "false", "null",
    "feature/x\u200b", "feature/\u0445", "feature/é", "feature/e\u0301", "refs/heads/feature/x", "main",
]  # fmt: skip
BOT = "dependabot[bot]"
FORK = "mallory/app"
CLEANUP = group_of("cleanup", event("schedule", "refs/heads/main", {}))


def preview_group(number: int) -> str:
    return runs("preview", pull_request("x", number=number))[0].group


def events(branch: str) -> list[dict[str, Any]]:
    return [created(branch), pushed(branch), deleted(branch), pull_request(branch)]


def test_the_groups_of_two_branches_are_never_one_nor_that_of_another_workflow() -> None:
    groups = {branch: {group_of("feature", each) for each in events(branch)} for branch in HOSTILE}
    for one, other in combinations(HOSTILE, 2):
        assert groups[one].isdisjoint(groups[other]), (one, other)
    others = {CLEANUP, *(preview_group(number) for number in range(1, 200))}
    for branch, found in groups.items():
        assert len(found) == 1, branch
        assert found.isdisjoint(others), branch


@pytest.mark.parametrize("name", all_workflows())
def test_a_group_begins_with_its_workflow_and_a_character_that_git_forbids(name: str) -> None:
    """So that a group of two workflows can never be one, whatever stands behind it."""
    document = all_workflows()[name]
    queues = [document.get("concurrency"), *(job.get("concurrency") for job in document["jobs"].values())]
    groups = [queue["group"] for queue in queues if queue]
    assert groups
    assert all(group.startswith(f"{name}:") for group in groups)


@pytest.mark.parametrize("branch", HOSTILE)
@pytest.mark.parametrize("fork", [FORK, None])
def test_what_is_no_event_of_a_branch_here_waits_alone(branch: str, fork: str | None) -> None:
    outside = [created(branch, "tag"), deleted(branch, "tag"), pull_request(branch, source=fork)]
    assert {group_of("feature", each) for each in outside} == {"feature:none:101"}
    assert all(runs("feature", each) == [] for each in outside)


def test_branches_that_differ_only_in_case_wait_for_each_other_and_lose_nothing() -> None:
    """GitHub compares groups in any case."""
    concurrency = all_workflows()["feature"]["concurrency"]
    assert (concurrency["queue"], concurrency["cancel-in-progress"]) == ("max", False)


@pytest.mark.parametrize("branch", ["dependabot/pip/urllib3-3", "feature/x", "Dependabot/npm/x", "fix"])
@pytest.mark.parametrize("author", [BOT, "renovate[bot]"])
def test_a_bots_pull_request_gets_no_deployer_whoever_runs_it(branch: str, author: str) -> None:
    for actor in (author, "ann"):
        context = acting(pull_request(branch, author=author), actor=actor)
        assert runs("preview", context) == []


@pytest.mark.parametrize("who", ["actor", "triggering_actor"])
def test_dependabot_gets_no_deployer_of_any_event(who: str) -> None:
    for name in ("preview", "feature"):
        for context in events("feature/x"):
            assert runs(name, acting(context, **{who: BOT})) == []
    assert runs("feature", pull_request("feature/x", author=BOT)) == []


def test_a_branch_of_dependabot_gets_no_deployer_in_a_persons_pull_request() -> None:
    assert runs("preview", pull_request("dependabot/pip/urllib3-3")) == []


@pytest.mark.parametrize("source", [FORK, None, "acme/app-fork", "acme/ap", "mallory/acme/app"])
def test_a_forks_pull_request_gets_no_role(source: str | None) -> None:
    for name in ("preview", "feature"):
        for branch in HOSTILE:
            assert runs(name, pull_request(branch, source=source)) == []


def test_a_persons_events_have_their_roles() -> None:
    assert runs("preview", pull_request("fix"))
    assert all(len(runs("feature", each)) == 1 for each in events("feature/x"))
