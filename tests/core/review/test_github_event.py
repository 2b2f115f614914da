from typing import Any

import pytest

from tee_infra.core.review.github_event import CommentTarget, NoPullRequestError, comment_target, commit_of, run_url

BASE = {"GITHUB_REPOSITORY": "acme/app"}


def place(event: dict[str, Any] | None = None, branch: str | None = None, **variables: str) -> CommentTarget:
    return comment_target(BASE | variables, event or {}, branch)


def test_a_pull_requests_job_has_its_number_in_the_ref() -> None:
    assert place(GITHUB_REF="refs/pull/17/merge").number == 17


def test_a_job_on_the_target_branch_has_it_in_the_event() -> None:
    """`pull_request_target` and a closed pull request run on the branch that is merged into."""
    found = place({"pull_request": {"number": 18}}, GITHUB_REF="refs/heads/main")
    assert (found.number, found.branch) == (18, None)


def test_a_push_has_its_branch() -> None:
    found = place({"ref": "refs/heads/feature/a/b"}, GITHUB_REF="refs/heads/feature/a/b")
    assert (found.number, found.branch) == (None, "feature/a/b")


def test_a_command_that_knows_the_branch_says_so() -> None:
    assert place(branch="feature/x", GITHUB_REF="refs/heads/main").branch == "feature/x"
    assert place(branch="feature/x").branch == "feature/x"
    assert place(branch="feature/x", GITHUB_REF="refs/pull/17/merge").number == 17


@pytest.mark.parametrize("ref", ["", "refs/tags/v1", "refs/pull/x/merge", "main"])
def test_without_either_it_says_what_is_missing(ref: str) -> None:
    with pytest.raises(NoPullRequestError, match="--post needs GITHUB_REF \\(refs/pull/NUMBER/merge"):
        place(GITHUB_REF=ref)


@pytest.mark.parametrize("repository", ["", "app", "https://github.com/acme/app", "acme/app/.."])
def test_the_repository_must_be_one(repository: str) -> None:
    with pytest.raises(NoPullRequestError, match="--post needs GITHUB_REPOSITORY \\(owner/name"):
        place(GITHUB_REPOSITORY=repository, GITHUB_REF="refs/pull/1/merge")


def test_the_commit_is_the_branchs_own_and_not_that_of_a_test_merge() -> None:
    event = {"pull_request": {"number": 1, "head": {"sha": "a" * 40}}}
    assert commit_of({"GITHUB_SHA": "b" * 40}, event) == "a" * 40
    assert commit_of({"GITHUB_SHA": "b" * 40}, {}) == "b" * 40
    assert commit_of({}, {}) is None


def test_the_log_is_where_github_says() -> None:
    job = BASE | {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_RUN_ID": "42"}
    assert run_url(job) == "https://github.com/acme/app/actions/runs/42"
    assert run_url(BASE) is None


@pytest.mark.parametrize("event", [{"pull_request": None}, {"pull_request": {"number": "1"}}, {"pull_request": []}])
def test_an_event_of_another_shape_says_nothing(event: dict[str, Any]) -> None:
    assert place(event, GITHUB_REF="refs/heads/x").number is None
