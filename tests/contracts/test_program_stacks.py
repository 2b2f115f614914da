"""Every stack file in the repository, as the program reads it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tee_infra.core.environments import PERMANENT
from tests.support.recording import PROJECT, record, standard

ROOT = Path(__file__).parents[2]
FILES = sorted(ROOT.glob("Pulumi.*.yaml"))


def read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text())


def stack_of(path: Path) -> str:
    return path.name.removeprefix("Pulumi.").removesuffix(".yaml")


def test_every_standing_environment_has_a_file() -> None:
    assert {stack_of(path) for path in FILES} == set(PERMANENT)


@pytest.mark.parametrize("path", FILES, ids=stack_of)
def test_the_program_takes_it(path: Path) -> None:
    config = read(path)["config"]
    assert list(config) == [f"{PROJECT}:environment"]
    environment = config[f"{PROJECT}:environment"] | {"account_id": "123456789012", "repository": "acme/tee-admin"}

    run = record(stack_of(path), config={f"{PROJECT}:environment": json.dumps(environment)})

    assert run.outputs["environment"] == stack_of(path)


@pytest.mark.parametrize("path", FILES, ids=stack_of)
def test_it_names_no_account_as_shipped(path: Path) -> None:
    assert set(read(path)["config"][f"{PROJECT}:environment"]) == {"name", "owner"}


def test_the_project_is_what_the_program_expects() -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())

    assert project["name"] == PROJECT
    assert project["runtime"] == {"name": "python", "options": {"virtualenv": ".venv"}}


def test_the_program_is_two_lines() -> None:
    lines = [line for line in (ROOT / "__main__.py").read_text().splitlines() if line]

    assert lines == ["from tee_infra.program import deploy", "deploy()"]


def test_the_exports_are_what_commands_and_people_rely_on() -> None:
    outputs = standard("prod").outputs

    assert set(outputs) == {
        "dashboard_url",
        "environment",
        "kind",
        "parameters",
        "role_arns",
        "table_arns",
        "tables",
    }
    assert outputs["tables"] == {name: f"prod-{name}" for name in ("tee-admin", "tee-schedules", "tee-sync-status")}
    assert set(outputs["table_arns"]) == set(outputs["tables"])
    assert set(outputs["role_arns"]) == {
        "app",
        "developer",
        "deployer",
        "privileged-deployer",
        "migrator",
        "break-glass",
    }
    assert standard("dev").outputs["dashboard_url"] is None


def test_the_provider_tags_everything() -> None:
    (provider,) = standard("feature-new-auth").of("pulumi:providers:aws")

    tags = json.loads(provider.inputs["defaultTags"])["tags"]
    assert tags == {
        "tee:environment": "feature-new-auth",
        "tee:kind": "feature",
        "tee:owner": "platform",
        "tee:managed-by": "pulumi",
        "tee:stack": "tee-infra/feature-new-auth",
        "tee:branch": "feature/new-auth",
        "tee:expires-at": "2026-12-01T00:00:00Z",
    }
    assert all(isinstance(value, str) for value in tags.values())
