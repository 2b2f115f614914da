"""`-C DIR` and `TEE_INFRA_DIR`: every command finds the project from the app's folder."""

from pathlib import Path

import pytest

from tee_infra.cli.root import root
from tee_infra.core.defaults.project_folder import VARIABLE, NamedFolderError
from tests.support.commands import invoke
from tests.support.git_repositories import Clone, clone_in
from tests.support.typical_lines import commands


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """An app's repository without the project, which is beside it in `infra`."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    clone = clone_in(tmp_path)
    (tmp_path / "infra").mkdir()
    for file in clone.directory.glob("Pulumi*.yaml"):
        file.rename(tmp_path / "infra" / file.name)
    monkeypatch.chdir(clone.directory)
    return clone


def test_a_named_folder_counts_for_a_command(app: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "not running" in invoke(root, "-C", "../infra", "local", "status").output
    assert Path("../infra").resolve().name in invoke(root, "-C", "../infra", "local", "status", "--json").output
    monkeypatch.setenv(VARIABLE, "../infra")
    assert 'STAGE="dev"' in invoke(root, "env", "export", "dev").output
    with pytest.raises(NamedFolderError):
        invoke(root, "-C", ".", "local", "status")


@pytest.mark.parametrize("named", ["", "nowhere", "README.md", "a\0b"])
def test_what_is_no_folder_is_refused_before_the_command_begins(app: Clone, named: str) -> None:
    with pytest.raises(NamedFolderError, match="No other folder was searched"):
        invoke(root, "-C", named, "engine")


def test_paths_that_a_command_writes_stay_relative_to_the_shell(app: Clone) -> None:
    before = Path.cwd()
    invoke(root, "-C", "../infra", "local", "status")
    assert Path.cwd() == before


def test_the_hook_is_in_the_repository_that_pushes(app: Clone) -> None:
    path = app.directory / ".git" / "hooks" / "pre-push"
    assert invoke(root, "-C", "../infra", "hooks", "install").output.splitlines()[1] == f"{path}: created"
    app.commit()
    said = app.run("push", "--quiet", "origin", "HEAD:refs/heads/feature/x", TEE_INFRA_DIR="elsewhere").stderr
    assert said == "feature/x: first push, the pipeline will create feature-x\n"
    assert invoke(root, "-C", "../infra", "hooks", "uninstall").output.splitlines()[1] == f"{path}: removed"


def test_no_command_has_an_option_of_that_name() -> None:
    assert not [path for path, command in commands() if any("-C" in parameter.opts for parameter in command.params)]
