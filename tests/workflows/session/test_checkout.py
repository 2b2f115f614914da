from pathlib import Path

import pytest

from tee_infra.core.environments import parse_environment
from tee_infra.core.settings import SettingsError
from tee_infra.workflows.session.checkout import NoProjectError, find_project

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


def test_a_missing_file_says_what_to_copy(checkout: Path) -> None:
    with pytest.raises(SettingsError, match=r"Copy Pulumi\.prod\.yaml"):
        find_project(checkout).settings(parse_environment("prod-v2"))
