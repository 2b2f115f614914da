"""The JSON Schema of what each command prints under `--json`: `python -m tee_infra.cli.schemas docs/schemas` writes it.


A document has a `result`, an `error`, or both: a command that fails after its work still says what it found.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import click
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema

from tee_infra.cli.output import model_of
from tee_infra.cli.results import ResultModel
from tee_infra.cli.root import root

R = TypeVar("R")

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_ABSENT: Any = None
"""The default of a member that a document may lack."""


class TargetModel(ResultModel):
    """Where the command went. `environment` is null for no single one, `account_id` for the embedded AWS."""

    environment: str | None
    account_id: str | None
    region: str | None
    embedded: bool


class ErrorModel(BaseModel):
    """What went wrong: its code (docs/errors.md), and facts of its own beside. `next`: the next step, or null."""

    model_config = ConfigDict(extra="allow")

    code: str
    message: str
    next: str | None


class Envelope(BaseModel, Generic[R]):
    """What the command prints. `target` is null where it touched no AWS, or failed before it knew which."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"anyOf": [{"required": ["result"]}, {"required": ["error"]}]}
    )

    target: TargetModel | None = Field()
    result: R = Field(default_factory=lambda: _ABSENT)
    error: ErrorModel = Field(default_factory=lambda: _ABSENT)


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its words joined by dashes, e.g. `feature-create`."""
    yield from _leaves(root, ())


def envelope_of(command: click.Command) -> type[Envelope[Any]]:
    """The model of the document that a command prints."""
    return Envelope[model_of(command)]


def schema_text(command: click.Command) -> str:
    """The schema of that document, as its file has it."""
    schema = envelope_of(command).model_json_schema(mode="serialization", schema_generator=_WithoutTitles)
    return json.dumps({"$schema": DIALECT, **schema}, indent=2, ensure_ascii=False) + "\n"


def write(folder: Path) -> None:
    """Write every schema into `folder`, and remove those of commands that are gone."""
    texts = {f"{name}.json": schema_text(command) for name, command in commands()}
    for file in folder.glob("*.json"):
        if file.name not in texts:
            file.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


class _WithoutTitles(GenerateJsonSchema):
    """A title that repeats a member's name says nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def _leaves(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield "-".join(words), command
        return
    if command.invoke_without_command:
        yield "-".join(words), command
    context = click.Context(command)
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        if child is not None:
            yield from _leaves(child, (*words, name))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
