"""What scripts rely on: one schema for each command, one document for each run, and codes that never change."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tee_infra import errors
from tee_infra.cli import error_codes
from tee_infra.cli.output import model_of
from tee_infra.cli.schemas import commands, schema_text

ROOT = Path(__file__).parents[2]
COMMANDS = dict(commands())
each_command = pytest.mark.parametrize("name", COMMANDS)


@each_command
def test_every_command_has_json_and_a_model(name: str) -> None:
    command = COMMANDS[name]
    assert "as_json" in {parameter.name for parameter in command.params}
    assert model_of(command).__doc__


@each_command
def test_the_schema_of_every_command_is_up_to_date(name: str) -> None:
    """`python -m tee_infra.cli.schemas docs/schemas` writes them."""
    assert (ROOT / "docs" / "schemas" / f"{name}.json").read_text() == schema_text(COMMANDS[name])


def test_there_is_no_schema_of_another_command() -> None:
    assert {file.stem for file in (ROOT / "docs" / "schemas").iterdir()} == COMMANDS.keys()


def test_no_schema_lets_a_member_in_that_it_does_not_name() -> None:
    for name, command in COMMANDS.items():
        for part, schema in json.loads(schema_text(command))["$defs"].items():
            if "properties" in schema:
                assert schema["additionalProperties"] is (part == "ErrorModel"), f"{name}: {part}"


def test_the_error_codes_are_up_to_date() -> None:
    """Made in a process of its own: tests have errors of their own."""
    made = subprocess.run([sys.executable, "-m", error_codes.__name__], capture_output=True, text=True, check=True)
    assert (ROOT / "docs" / "errors.md").read_text() == made.stdout


def test_a_code_means_one_exit_code() -> None:
    seen: dict[str, int] = {}
    for error in error_codes.error_classes():
        assert seen.setdefault(error.code, error.exit_code) == error.exit_code, error


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.TeeInfraError, "failed"),
        (errors.RemoteError, "remote"),
        (errors.UsageError, "usage"),
        (errors.RefusedError, "refused"),
        (errors.BusyError, "busy"),
        (errors.PartialError, "partial"),
    ],
)
def test_the_code_comes_from_the_name_of_the_class(kind: type[errors.TeeInfraError], code: str) -> None:
    assert kind.code == code
