"""Names that scripts may still use lead to the same values as today's."""

from typing import Any

import click
import pytest

from tee_infra.cli.root import root


def parsed(*arguments: str) -> dict[str, Any]:
    """The values that a command would get. Raises what the command line would raise."""
    command: click.Command = root
    context = click.Context(root)
    rest = list(arguments)
    while isinstance(command, click.Group):
        child = command.get_command(context, rest.pop(0))
        assert child is not None
        command = child
    return command.make_context(command.name or "", rest, parent=context).params


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("backup create --env dev --native", "backup create dev --native"),
        ("backup list --env dev", "backup list dev"),
        ("backup verify --env dev --input x", "backup verify dev --input x"),
        ("backup restore --env dev --input x", "backup restore dev --input x"),
        ("data seed --env dev", "data seed dev"),
        ("data anonymize-report --from staging --table tee-admin", "data anonymize-report staging --tables tee-admin"),
        ("data sync-dev --entities 5", "data sync-dev --members 5"),
        ("env export --stage production", "env export prod"),
        ("schema pull --table x", "schema pull x"),
        ("up --env dev", "up dev"),
        ("feature create --branch feature/x --seed anonymised", "feature create --branch feature/x --seed anonymized"),
    ],
)
def test_an_old_name_gives_the_same_value(old: str, new: str) -> None:
    assert parsed(*old.split()) == parsed(*new.split())


def test_both_names_may_be_given_with_the_same_value() -> None:
    assert parsed("up", "prod", "--env", "production") == parsed("up", "prod")


def test_both_names_with_different_values_are_wrong_usage() -> None:
    with pytest.raises(click.UsageError, match="is given twice"):
        parsed("up", "prod", "--env", "dev")


def test_a_repeatable_option_takes_both_names() -> None:
    tables = parsed("data", "copy", "--from", "a", "--to", "b", "--tables", "x", "--table", "y")["tables"]
    assert tables == ("x", "y")


@pytest.mark.parametrize("typed", ["up", "backup create --native", "schema pull"])
def test_an_argument_that_is_missing_is_wrong_usage(typed: str) -> None:
    with pytest.raises(click.MissingParameter):
        parsed(*typed.split())


def test_an_optional_argument_may_be_left_out() -> None:
    assert parsed("env", "export")["environment"] is None
    assert parsed("data", "anonymize-report")["source"] == "prod"
