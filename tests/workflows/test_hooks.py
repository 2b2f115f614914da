"""The announcer, with real git: it says what a push does, and no push ever fails or waits for it."""

import os
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tee_infra.core.names import feature_environment
from tee_infra.workflows import hooks
from tee_infra.workflows.hooks import LINE, ForeignHookError, HookFileError, announcements, install, uninstall, where
from tee_infra.workflows.session.checkout import Project
from tests.support.checkout import COMMAND
from tests.support.git_repositories import Clone, clone_in

REPOSITORY = "example/tee-admin"
ZERO = "0" * 40


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clone]:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return clone_in(tmp_path)


@pytest.fixture
def project(clone: Clone) -> Project:
    return Project(directory=clone.directory)


def put(project: Project, programs: Path = COMMAND.parent) -> str:
    return install(project, project.directory, programs, dry_run=False)


def push(clone: Clone, *refs: str, **variables: str) -> str:
    """What a push says beside git's own words; it must succeed."""
    clone.commit()
    return clone.run("push", "--quiet", "origin", *refs, **variables).stderr


def fake(folder: Path, script: str) -> Path:
    """A `tee-infra` that does something else; the folder that it is in."""
    folder.mkdir()
    (folder / "tee-infra").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "tee-infra").chmod(stat.S_IRWXU)
    return folder


def test_a_push_says_what_becomes_of_each_environment(clone: Clone, project: Project) -> None:
    assert put(project) == "create"
    x, other = "HEAD:refs/heads/feature/x", feature_environment("feature/Other", REPOSITORY)
    assert push(clone, x, "HEAD:main") == "feature/x: first push, the pipeline will create feature-x\n"
    assert push(clone, x, "HEAD:refs/heads/feature/Other") == (
        f"feature/x: feature-x will be updated\nfeature/Other: first push, the pipeline will create {other}\n"
    )
    assert push(clone, "--delete", "feature/x") == "feature/x: feature-x will be destroyed\n"


def test_odd_branches_are_named_as_everywhere_and_any_can_be_pushed(clone: Clone, project: Project) -> None:
    put(project)
    odd = ["feature/it's", 'feature/"x"', "feature/ünï-✓", "feature/$(touch${IFS}x)`y`", "feature/-x"]
    said = push(clone, *(f"HEAD:refs/heads/{branch}" for branch in [*odd, "feature/prod"]))
    for branch in odd:
        assert f"{branch}: first push, the pipeline will create {feature_environment(branch, REPOSITORY)}\n" in said
    assert "'prod' is reserved" in said
    assert not (clone.directory / "x").exists()


def test_a_source_with_spaces_is_read_from_the_end(project: Project) -> None:
    lines = (
        f"HEAD@{{1 day ago}} {'a' * 40} refs/heads/feature/x {ZERO}\n(delete) {ZERO} refs/heads/feature/y {'b' * 40}\n"
    )
    assert announcements(project, lines.encode()) == [
        "feature/x: first push, the pipeline will create feature-x",
        "feature/y: feature-y will be destroyed",
    ]


@pytest.mark.parametrize("pushed", [b"", b"\n", b"three fields only\n", b"a b refs/tags/feature/x c\n"])
def test_what_is_no_feature_branch_is_not_announced(project: Project, pushed: bytes) -> None:
    assert announcements(project, pushed) == []


def test_a_push_to_a_fork_reaches_no_pipeline(clone: Clone, project: Project) -> None:
    stack = clone.directory / "Pulumi.dev.yaml"
    stack.write_text(stack.read_text() + "    repository: acme/app\n")
    line = f"x {'a' * 40} refs/heads/feature/x {ZERO}\n".encode()
    assert announcements(project, line, "git@github.com:acme/app.git")
    assert not announcements(project, line, "git@github.com:mallory/app.git")


@pytest.mark.parametrize("script", ["exit 3", "kill -9 $$", "echo broken >&2; exit 1"])
def test_a_failing_announcer_stops_no_push(clone: Clone, project: Project, tmp_path: Path, script: str) -> None:
    put(project, fake(tmp_path / "bin", script))
    push(clone, "HEAD:refs/heads/feature/x", PATH="/usr/bin:/bin")
    assert "feature/x" in clone.git("ls-remote", "origin")


def test_a_hanging_announcer_is_ended(
    clone: Clone, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "LIMIT_SECONDS", 1)
    put(project, fake(tmp_path / "bin", 'echo $$ >"$0.pid"; exec sleep 60'))
    began = time.monotonic()
    push(clone, "HEAD:refs/heads/feature/x", PATH="/usr/bin:/bin")
    assert time.monotonic() - began < 10
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "bin" / "tee-infra.pid").read_text()), 0)


def test_without_tee_infra_a_push_says_nothing(clone: Clone, project: Project, tmp_path: Path) -> None:
    put(project, tmp_path / "no such folder")
    assert push(clone, "HEAD:refs/heads/feature/x", PATH="/usr/bin:/bin") == ""


def test_a_branch_without_the_project_says_nothing(clone: Clone, project: Project) -> None:
    put(project)
    clone.git("rm", "--quiet", "Pulumi.yaml")
    assert push(clone, "HEAD:refs/heads/feature/x") == ""


def test_a_project_below_the_top_and_a_second_worktree(clone: Clone) -> None:
    inside = clone.directory / "infra of ours"
    inside.mkdir()
    for file in clone.directory.glob("Pulumi*.yaml"):
        clone.git("mv", file.name, inside.name)
    put(Project(directory=inside))
    assert "feature/x: first push" in push(clone, "HEAD:refs/heads/feature/x")
    clone.git("worktree", "add", "--quiet", "../tree")
    tree = Clone(clone.directory.parent / "tree", clone.origin)
    assert "feature/y: first push" in push(tree, "HEAD:refs/heads/feature/y")


def test_hooks_path_is_respected(clone: Clone, project: Project) -> None:
    clone.git("config", "core.hooksPath", "our hooks")
    put(project)
    assert (clone.directory / "our hooks" / "pre-push").stat().st_mode & stat.S_IXUSR
    assert not (clone.directory / ".git" / "hooks" / "pre-push").exists()
    assert "first push" in push(clone, "HEAD:refs/heads/feature/x")


def test_a_folder_of_hooks_for_every_repository_is_left_alone(clone: Clone, project: Project, tmp_path: Path) -> None:
    (tmp_path / "gitconfig").write_text(f"[core]\nhooksPath = {tmp_path / 'everywhere'}\n")
    with pytest.raises(ForeignHookError, match="shared by all repositories"):
        put(project)
    assert not (tmp_path / "everywhere").exists()


@pytest.mark.parametrize("kind", ["file", "link", "dangling link"])
def test_somebody_elses_hook_stays(clone: Clone, project: Project, tmp_path: Path, kind: str) -> None:
    path, theirs = where(project.directory), tmp_path / "theirs"
    if kind != "dangling link":
        theirs.write_text("#!/bin/sh\nexit 0\n")
    path.write_bytes(theirs.read_bytes()) if kind == "file" else path.symlink_to(theirs)
    before = path.read_bytes() if path.exists() else None
    for change in (lambda: put(project), lambda: uninstall(project.directory, dry_run=False)):
        with pytest.raises(ForeignHookError, match="a hook of another tool"):
            change()
    assert (path.read_bytes() if path.exists() else None) == before
    assert path.is_symlink() == (kind != "file")


def test_the_line_for_somebody_elses_hook_leaves_it_its_input(clone: Clone, project: Project) -> None:
    hook = where(project.directory)
    hook.write_text(f"#!/bin/sh -e\n{LINE}\ncat >../theirs\n")
    hook.chmod(stat.S_IRWXU)
    said = push(clone, "HEAD:refs/heads/feature/x", PATH=f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}")
    assert "feature/x: first push" in said
    assert "refs/heads/feature/x" in (clone.directory.parent / "theirs").read_text()
    push(clone, "HEAD:refs/heads/feature/y", PATH="/usr/bin:/bin")
    assert "refs/heads/feature/y" in (clone.directory.parent / "theirs").read_text()


def test_installing_again_changes_what_is_old_and_nothing_else(clone: Clone, project: Project) -> None:
    assert install(project, project.directory, COMMAND.parent, dry_run=True) == "create"
    assert not where(project.directory).exists()
    assert [put(project), put(project), put(project, Path("/elsewhere"))] == ["create", "none", "update"]
    assert uninstall(project.directory, dry_run=True) == "remove"
    assert where(project.directory).exists()
    assert [uninstall(project.directory, dry_run=False), uninstall(project.directory, dry_run=False)] == [
        "remove",
        "none",
    ]
    assert not where(project.directory).exists()


def test_a_folder_that_cannot_be_written_is_said(clone: Clone, project: Project) -> None:
    clone.git("config", "core.hooksPath", "/dev/null")
    with pytest.raises(HookFileError, match="/dev/null/pre-push: Not a directory"):
        put(project)


def test_the_script_is_posix_and_asks_nobody(project: Project) -> None:
    put(project)
    text = where(project.directory).read_text()
    assert text.startswith("#!/bin/sh\n")
    assert len(text.splitlines()) <= 12
    subprocess.run(["dash", "-n", where(project.directory)], check=True, timeout=10)
    assert not any(word in text for word in ("curl", "wget", "git ", "aws", "TOKEN"))
