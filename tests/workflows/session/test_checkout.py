from pathlib import Path

import pytest

from tee_infra.core.defaults.project_folder import VARIABLE, NamedFolderError, NoProjectError, SeveralProjectsError
from tee_infra.core.environments import parse_environment
from tee_infra.core.settings import SettingsError
from tee_infra.workflows.session.checkout import find_project
from tests.support.git_repositories import Clone, clone_in

STACK = "config: {tee-infra:environment: {name: dev, owner: platform}}"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: tee-infra\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(STACK)
    return tmp_path


def test_the_checkout_is_found_from_a_folder_inside(checkout: Path) -> None:
    (checkout / "a" / "b").mkdir(parents=True)
    assert find_project(checkout / "a" / "b").directory == checkout


def test_another_project_is_not_this_one(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: other\n")
    with pytest.raises(NoProjectError, match="Run the command in the checkout"):
        find_project(tmp_path)


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """The app's repository, with the project in `infra` and a folder `src`."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    clone = clone_in(tmp_path)
    for folder in ("infra", "src"):
        (clone.directory / folder).mkdir()
    for file in clone.directory.glob("Pulumi*.yaml"):
        clone.git("mv", file.name, "infra")
    return clone


def test_it_is_found_from_any_folder_of_the_same_repository(app: Clone) -> None:
    infra = app.directory / "infra"
    (app.directory / "other").mkdir()
    (app.directory / "other" / "Pulumi.yaml").write_text("name: other\n")
    for start in (app.directory, app.directory / "src", infra):
        assert find_project(start).directory == infra
    app.commit()
    app.git("worktree", "add", "--quiet", "../tree")
    assert find_project(app.directory.parent / "tree" / "src").directory == app.directory.parent / "tree" / "infra"


def test_several_in_a_repository_are_listed_and_none_is_taken(app: Clone) -> None:
    second = app.directory / "packages" / "infra"
    second.mkdir(parents=True)
    (second / "Pulumi.yaml").write_text("name: tee-infra\n")
    with pytest.raises(SeveralProjectsError) as refused:
        find_project(app.directory / "src")
    assert refused.value.folders == [str(app.directory / "infra"), str(second)]
    assert find_project(second).directory == second
    (app.directory / ".gitignore").write_text("packages/\n")
    assert find_project(app.directory / "src").directory == app.directory / "infra"


def test_an_error_names_what_was_searched(app: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    (app.directory / "infra" / "Pulumi.yaml").unlink()
    with pytest.raises(NoProjectError, match=f"or in the git repository {app.directory}"):
        find_project(app.directory / "src")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NoProjectError, match="'tee-infra' here or above") as refused:
        find_project(app.directory / "src")
    assert refused.value.repository is None


def test_the_named_folder_is_taken_or_refused(app: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    infra = app.directory / "infra"
    for named in (str(infra), "../work/infra"):
        monkeypatch.setenv(VARIABLE, named)
        assert find_project(tmp_path / "origin.git").directory == infra
    for named in ("nowhere", str(app.directory), "Pulumi.yaml"):
        monkeypatch.setenv(VARIABLE, named)
        with pytest.raises(NamedFolderError, match="No other folder was searched"):
            find_project(infra)
    monkeypatch.setenv(VARIABLE, "")
    assert find_project(app.directory).directory == infra


def test_every_stack_file_is_an_environment_and_no_other_file(checkout: Path) -> None:
    (checkout / "Pulumi.prod-v2.yaml").write_text("")
    (checkout / "Pulumi.nonsense.yaml").write_text("")
    assert [found.name for found in find_project(checkout).environments()] == ["dev", "prod-v2"]


def test_settings_come_from_the_stack_file(checkout: Path) -> None:
    assert find_project(checkout).settings(parse_environment("dev")).owner == "platform"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "not valid YAML"),
        ("", "config has no object tee-infra:environment"),
        ("config: {}", "config has no object tee-infra:environment"),
        ("config: {tee-infra:environment: dev}", "config has no object tee-infra:environment"),
        ("- 1", "config has no object tee-infra:environment"),
        ("\x00", "not valid YAML"),
    ],
)
def test_a_file_that_says_nothing_sensible_is_one_line(checkout: Path, text: str, said: str) -> None:
    (checkout / "Pulumi.dev.yaml").write_text(text)
    with pytest.raises(SettingsError, match=said) as refused:
        find_project(checkout).settings(parse_environment("dev"))
    assert "\n" not in str(refused.value)


def production(checkout: Path, *, slots: str = "[]", region: str = "us-east-1", **files: str) -> None:
    (checkout / "Pulumi.prod.yaml").write_text(
        f"config: {{tee-infra:environment: {{name: prod, owner: platform, slots: {slots}, region: {region}}}}}"
    )
    for slot, more in files.items():
        name = slot.replace("_", "-")
        (checkout / f"Pulumi.{name}.yaml").write_text(
            f"config: {{tee-infra:environment: {{name: {name}, owner: platform{more}}}}}"
        )


@pytest.mark.parametrize("slots", ["[]", "[prod-v2]", "[legacy]"])
def test_production_names_the_slots_that_its_roles_reach(checkout: Path, slots: str) -> None:
    production(checkout, slots=slots, prod_v2="")

    assert list(find_project(checkout).settings(parse_environment("prod")).slots) == [s for s in [slots[1:-1]] if s]


def test_a_slot_without_a_stack_file_is_not_named(checkout: Path) -> None:
    production(checkout, slots="[prod-v3]", prod_v2="")

    with pytest.raises(SettingsError, match=r"Pulumi\.prod-v3\.yaml: no such file"):
        find_project(checkout).settings(parse_environment("prod"))


@pytest.mark.parametrize("environment", ["prod", "prod-v2"])
@pytest.mark.parametrize(
    "more", [", region: eu-west-1", ", account_id: '123456789012', repository: acme/app", ", region: us-west-2"]
)
def test_a_slot_is_where_production_is(checkout: Path, environment: str, more: str) -> None:
    production(checkout, slots="[prod-v2]", prod_v2=more)

    with pytest.raises(SettingsError, match="a slot is where it is"):
        find_project(checkout).settings(parse_environment(environment))


def test_a_slot_is_read_without_production_file(checkout: Path) -> None:
    production(checkout, prod_v2=", region: eu-west-1")
    (checkout / "Pulumi.prod.yaml").unlink()

    assert find_project(checkout).settings(parse_environment("prod-v2")).region == "eu-west-1"


def test_a_missing_file_says_what_to_copy(checkout: Path) -> None:
    with pytest.raises(SettingsError, match=r"Copy Pulumi\.prod\.yaml"):
        find_project(checkout).settings(parse_environment("prod-v2"))
