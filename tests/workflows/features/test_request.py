from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tee_infra.core.lifecycle.transitions import CreateRequest
from tee_infra.core.names import BranchNameError
from tee_infra.workflows.features.request import ForkError, OwnerError, read_request, repeat_request
from tests.support.git_repositories import Clone, clone_in
from tests.support.homes import record_of

REPOSITORY = "acme/app"


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return clone_in(tmp_path)


def read(directory: Path, branch: str = "feature/x", **options: Any) -> CreateRequest:
    environ = options.pop("environ", {})
    repository = options.pop("repository", REPOSITORY)
    known = {"owner": None, "ttl": None, "seed": None, "revive": True}
    return read_request(directory, repository, branch, environ, options.pop("user", "ann"), **known | options)


def test_a_branch_becomes_a_wish(tmp_path: Path) -> None:
    request = read(tmp_path, "feature/new-auth", ttl=timedelta(hours=1), seed="none", revive=False)
    assert (request.environment, request.branch, request.repository) == (
        "feature-new-auth",
        "feature/new-auth",
        REPOSITORY,
    )
    assert (request.ttl, request.seed, request.revive, request.head) == (timedelta(hours=1), "none", False, None)
    for branch in ("feature/prod", "feature/a..b", ""):
        with pytest.raises(BranchNameError):
            read(tmp_path, branch)


def test_the_owner_is_the_first_who_can_stand_in_a_tag(clone: Clone) -> None:
    clone.git("config", "user.email", "ann@acme.example")
    assert read(clone.directory, environ={"GITHUB_ACTOR": "bob"}).owner == "ann@acme.example"
    clone.git("config", "user.email", "ann[bot]")
    assert read(clone.directory, environ={"GITHUB_ACTOR": "bob"}).owner == "bob"
    assert read(clone.directory, environ={"GITHUB_ACTOR": "dependabot[bot]"}, user="runner").owner == "runner"
    given = read(clone.directory, owner="team auth")
    assert (given.owner, given.owner_given) == ("team auth", True)


@pytest.mark.parametrize("owner", ["a/b", "", "x" * 129, "a\nb", "<ann>"])
def test_an_owner_that_no_tag_takes_is_refused(tmp_path: Path, owner: str) -> None:
    with pytest.raises(OwnerError, match=r"--owner .*: not allowed in a tag. Allowed: 1 to 128 letters"):
        read(tmp_path, owner=owner)


def test_the_commit_is_the_workflows_or_gits(clone: Clone) -> None:
    pushed = clone.push_branch("feature/x")
    assert read(clone.directory).head == pushed
    assert read(clone.directory, "feature/y").head is None
    run = {"GITHUB_SHA": "c0ffee", "GITHUB_REF": "refs/heads/feature/x"}
    assert read(clone.directory, environ=run).head == "c0ffee"
    assert read(clone.directory, environ=run | {"GITHUB_REF": "refs/heads/main"}).head == pushed


def test_branches_of_forks_are_never_deployed(tmp_path: Path) -> None:
    with pytest.raises(ForkError, match=r"mallory/app: not the repository acme/app of the settings"):
        read(tmp_path, environ={"GITHUB_REPOSITORY": "mallory/app"})
    with pytest.raises(ForkError):
        repeat_request(record_of("feature-x"), tmp_path, REPOSITORY, {"GITHUB_REPOSITORY": "mallory/app"})
    assert read(tmp_path, environ={"GITHUB_REPOSITORY": "Acme/App"}).branch == "feature/x"
    assert read(tmp_path, environ={"GITHUB_REPOSITORY": "mallory/app"}, repository="example/tee-admin").environment


def test_the_same_again_revives_nothing(tmp_path: Path) -> None:
    again = repeat_request(record_of("feature-x", owner="bob"), tmp_path, "example/tee-admin", {})
    assert (again.environment, again.branch, again.owner, again.revive) == ("feature-x", "feature/x", "bob", False)
