"""`tee-infra hooks`: what it prints."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tee_infra.cli.hooks import hooks
from tests.support.commands import document
from tests.support.git_repositories import Clone, clone_in


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    clone = clone_in(tmp_path)
    monkeypatch.chdir(clone.directory)
    return clone


def test_the_target_comes_first_and_json_stands_alone(clone: Clone, run: Callable[..., Result]) -> None:
    hook = clone.directory / ".git" / "hooks" / "pre-push"
    planned = run(hooks, "install", "--dry-run")
    assert planned.output.splitlines() == [f"target: {hook}", f"{hook}: would be created"]
    assert not hook.exists()
    done = run(hooks, "install", "--json")
    assert document(done.stdout, ("install",), hooks)["result"] == {"hook": str(hook), "action": "create"}
    assert done.stderr == f"target: {hook}\n"
    assert run(hooks, "install").output.splitlines()[1] == f"{hook}: unchanged"
    assert run(hooks, "uninstall").output.splitlines()[1] == f"{hook}: removed"


def test_announce_reads_what_git_says(clone: Clone) -> None:
    line = f"refs/heads/feature/x {'a' * 40} refs/heads/feature/x {'0' * 40}\n"
    said = CliRunner().invoke(hooks, ["announce", "origin", "/somewhere.git"], input=line, catch_exceptions=False)
    assert said.output == "feature/x: first push, the pipeline will create feature-x\n"
