"""What git tells of branches is whole and read as it stands, or an error."""

import os
import stat
import time
from pathlib import Path

import pytest

from tee_infra.scm import git
from tee_infra.scm.git import (
    GitError,
    head_of,
    hook_path,
    other_repository,
    prefix_of,
    remote_refs,
    remote_url,
    user_email,
)
from tests.support.git_repositories import Clone

ODD = [
    "feature/x",
    "feature/sp'ace\"quote",
    "feature/ünïcode-✓",
    "feature/-dash",
    "feature/a/refs/heads/b",
    "feature/$(id)",
]


def test_every_branch_of_the_host_is_told_with_its_head(clone: Clone) -> None:
    heads = {branch: clone.push_branch(branch) for branch in ODD}
    clone.git("branch", "not-pushed")
    clone.git("tag", "refs/heads/feature/a-tag")
    clone.git("push", "--quiet", "--tags")
    assert remote_refs(clone.directory).heads == {"main": clone.git("rev-parse", "main")} | heads


def test_a_name_that_is_no_utf_8_stays_one_of_its_own(clone: Clone) -> None:
    head = clone.git("rev-parse", "main")
    with (clone.origin / "packed-refs").open("ab") as refs:
        refs.write(b"%s refs/heads/feature/\xff\n%s refs/heads/feature/\xfe\n" % (head.encode(), head.encode()))
    assert set(remote_refs(clone.directory).heads) == {"main", r"feature/\xff", r"feature/\xfe"}


def test_pull_requests_are_told_by_their_commits(clone: Clone) -> None:
    head = clone.push_branch("feature/x")
    clone.git("push", "--quiet", "origin", f"{head}:refs/pull/7/head", "main:refs/pull/7/merge")
    refs = remote_refs(clone.directory)
    assert refs.reviews == {head}
    assert set(refs.heads) == {"main", "feature/x"}


def test_a_host_without_branches_has_none(clone: Clone) -> None:
    clone.git("update-ref", "-d", "refs/heads/main", GIT_DIR=str(clone.origin))
    assert remote_refs(clone.directory).heads == {}


def test_what_goes_wrong_is_said_in_a_line(clone: Clone, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(GitError, match="not a git repository"):
        remote_url(tmp_path / "empty")
    clone.git("remote", "set-url", "origin", str(tmp_path / "gone.git"))
    with pytest.raises(GitError, match=r"gone.git' does not appear to be a git repository"):
        remote_refs(clone.directory)
    clone.git("remote", "remove", "origin")
    with pytest.raises(GitError, match="'origin' does not appear to be a git repository"):
        remote_refs(clone.directory)
    with pytest.raises(GitError, match="cannot be started"):
        remote_refs(tmp_path / "missing")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("printf '%s\\trefs/heads/feature/x' 0123456789012345678901234567890123456789", "truncated"),
        ("printf '01234567890123\\trefs/heads/feature/x\\n'", "not a commit and a ref"),
        (
            "printf 'warning: slow\\nfatal: https://ann:secret@host/x: the end' >&2; exit 128",
            "^git: https://host/x: the end$",
        ),
        (f"printf '{'c' * 40}\\trefs/heads/a b\\n'", "'refs/heads/a b': git does not allow"),
        (f"printf '{'c' * 40}\\trefs/heads/main\\r\\n'", "git does not allow"),
        (f"printf '{'c' * 40}\\trefs/heads/feature/.lock\\000\\n'", "git does not allow"),
        ("exit 3", "exit code 3"),
        ("sleep 30", "did not answer within 0 s"),
        ("sleep 30 & exit 0", "did not answer within 0 s"),
    ],
)
def test_a_git_that_fails_or_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str) -> None:
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(fake.parent), prepend=os.pathsep)
    monkeypatch.setattr(git, "SECONDS", 0.4)
    began = time.monotonic()
    with pytest.raises(GitError, match=said):
        remote_refs(tmp_path)
    assert time.monotonic() - began < 10


def test_a_head_is_what_the_host_had_else_the_local_one(clone: Clone) -> None:
    pushed = clone.push_branch("feature/x")
    clone.git("switch", "--quiet", "feature/x")
    clone.commit("not pushed")
    clone.git("branch", "local", "main")
    assert head_of(clone.directory, "feature/x") == pushed
    assert head_of(clone.directory, "local") == clone.git("rev-parse", "main")


@pytest.mark.parametrize("branch", ["missing", "deep", "feature", "main^", "main@{0}", "--help", "../main", ""])
def test_no_head_where_there_is_no_such_branch(clone: Clone, branch: str) -> None:
    clone.push_branch("feature/x")
    clone.git("update-ref", "refs/heads/refs/heads/deep", "main")
    assert head_of(clone.directory, branch) is None


def test_the_users_address(clone: Clone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    assert user_email(clone.directory) is None
    clone.git("config", "user.email", "ben@example.com")
    assert user_email(clone.directory) == "ben@example.com"
    assert user_email(tmp_path / "missing") is None


def test_the_directory_decides_whatever_a_hook_has_set(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert "main" in remote_refs(clone.directory).heads


def test_hooks_are_where_git_looks_for_them(clone: Clone) -> None:
    usual = clone.directory / ".git" / "hooks" / "pre-push"
    assert hook_path(clone.directory, "pre-push") == usual
    clone.git("worktree", "add", "--quiet", "../tree")
    assert hook_path(clone.directory.parent / "tree", "pre-push") == usual
    clone.git("config", "core.hooksPath", "hooks of ours")
    inside = clone.directory / "infra"
    inside.mkdir()
    assert hook_path(inside, "pre-push").resolve() == clone.directory / "hooks of ours" / "pre-push"
    assert [prefix_of(clone.directory), prefix_of(inside)] == ["", "infra/"]


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("https://github.com/mallory/app.git", "mallory/app"),
        ("https://ann:token@github.com/mallory/app", "mallory/app"),
        ("git@github.com:mallory/app.git", "mallory/app"),
        ("ssh://git@ssh.github.com:443/mallory/app.git", "mallory/app"),
        ("https://github.com/Acme/App.git", None),
        ("https://git.acme.com/mallory/app.git", None),
        ("/srv/github.com.git", None),
        ("https://notgithub.com/mallory/app", None),
    ],
)
def test_another_repository_on_github_is_told_by_its_address(url: str, other: str | None) -> None:
    assert other_repository(url, "acme/app") == other
    assert other_repository(url, "example/tee-admin") is None
