"""Which of file, GitHub and git is asked, and that none of them ever tells a shorter list."""

from pathlib import Path

import pytest

from tee_infra.errors import RemoteError, UsageError
from tee_infra.workflows.cleanup.live_branches import BranchesFileError, UnknownBranchesError, live_branches
from tee_infra.workflows.session.checkout import Project
from tests.support.branch_pages import COMMIT, Pages, branch, pull, serve
from tests.support.git_repositories import Clone, clone_in

PLACEHOLDER = "example/tee-admin"


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return clone_in(tmp_path)


def project(clone: Clone) -> Project:
    return Project(directory=clone.directory)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (b"feature/a\nfeature/b\n", ["feature/a", "feature/b"]),
        (b"\xef\xbb\xbf  refs/heads/feature/a \r\n\n\t\r\nrefs/heads/main", ["feature/a", "main"]),
        ("feature/ünï\n".encode(), ["feature/ünï"]),
    ],
)
def test_a_file_has_a_branch_a_line(tmp_path: Path, text: bytes, names: list[str]) -> None:
    file = tmp_path / "branches"
    file.write_bytes(text)
    branches = live_branches(Project(directory=tmp_path), "acme/app", {"GITHUB_TOKEN": "t0ken"}, file)
    assert branches.heads == dict.fromkeys(names)
    assert branches.in_review == branches.review_unknown == frozenset()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"main\n* feature/x\n", r"line 2 is '\* feature/x', not a branch name"),
        (f"{COMMIT}\trefs/heads/main\n".encode(), "line 1 is .*, not a branch name"),
        (b"main\n\xff\n", "not valid UTF-8"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: bytes, said: str) -> None:
    file = tmp_path / "branches"
    file.write_bytes(text)
    with pytest.raises(BranchesFileError, match=said):
        live_branches(Project(directory=tmp_path), "acme/app", {}, file)


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    for file in (tmp_path / "missing", tmp_path):
        with pytest.raises(UsageError, match=f"--branches-file {file}: .*--by-lease-only"):
            live_branches(Project(directory=tmp_path), "acme/app", {}, file)


def test_github_is_asked_with_a_token(clone: Clone) -> None:
    pages = Pages(branches=[branch("feature/a"), branch("feature/b")], pulls=[pull("feature/b")])
    with serve(pages) as url:
        environ = {"GITHUB_TOKEN": "t0ken", "GITHUB_API_URL": f"{url}/"}
        branches = live_branches(project(clone), "acme/app", environ, None)
    assert branches.heads == {"feature/a": COMMIT, "feature/b": COMMIT}
    assert branches.in_review == {"feature/b"}
    assert branches.review_unknown == frozenset()


@pytest.mark.parametrize(
    ("repository", "environ"),
    [("acme/app", {}), ("acme/app", {"GITHUB_TOKEN": ""}), (PLACEHOLDER, {"GITHUB_TOKEN": "t0ken"})],
)
def test_git_is_asked_otherwise(clone: Clone, repository: str, environ: dict[str, str]) -> None:
    heads = {branch: clone.push_branch(branch) for branch in ("feature/a", "feature/b")}
    clone.git("push", "--quiet", "origin", "feature/b:refs/pull/3/head")
    branches = live_branches(project(clone), repository, environ | {"GITHUB_API_URL": "http://127.0.0.1:1"}, None)
    assert branches.heads == {"main": clone.git("rev-parse", "main")} | heads
    assert branches.in_review == frozenset()
    assert branches.review_unknown == {"feature/b"}


def test_no_failure_falls_back_to_another_list(clone: Clone) -> None:
    environ = {"GITHUB_TOKEN": "t0ken", "GITHUB_API_URL": "http://127.0.0.1:1"}
    with pytest.raises(UnknownBranchesError, match=r"GitHub: .*--branches-file FILE.*--by-lease-only"):
        live_branches(project(clone), "acme/app", environ, None)


def test_without_a_checkout_or_a_remote_nobody_knows(clone: Clone, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RemoteError, match=r"not a git repository.*--branches-file FILE.*--by-lease-only"):
        live_branches(Project(directory=tmp_path / "empty"), "acme/app", {}, None)
    clone.git("remote", "remove", "origin")
    with pytest.raises(UnknownBranchesError, match="No such remote 'origin'"):
        live_branches(project(clone), "acme/app", {}, None)


def test_a_fork_does_not_speak_for_the_repository(clone: Clone) -> None:
    clone.git("remote", "set-url", "origin", "https://github.com/mallory/app.git")
    with pytest.raises(UnknownBranchesError, match=r"origin is mallory/app.*acme/app"):
        live_branches(project(clone), "acme/app", {}, None)


def test_an_empty_list_is_told_as_one(clone: Clone) -> None:
    clone.git("update-ref", "-d", "refs/heads/main", GIT_DIR=str(clone.origin))
    assert live_branches(project(clone), PLACEHOLDER, {}, None).heads == {}
