"""The one place that writes to standard output and standard error: whatever others wrote stays text on one line."""

import sys
import traceback
from typing import Any, Final

import click

from tee_infra.core.printable import printable

_REWRITE: Final = "\r\033[K"


def show(line: str, *, err: bool = False) -> None:
    """Print a line, on standard error with `err`. A line feed inside is text of others, and is shown as one."""
    click.echo(printable(line), err=err)


def show_document(text: str) -> None:
    """Print text of our own that has lines: JSON with its escapes, generated Markdown or code."""
    click.echo(text, nl=False)


def show_progress(text: str, *, rewrite: bool) -> None:
    """Print progress on standard error: over the line before with `rewrite`, on a terminal."""
    sys.stderr.write(f"{_REWRITE}{printable(text)}" if rewrite else f"{printable(text)}\n")
    sys.stderr.flush()


def end_progress() -> None:
    """End the line that `show_progress` rewrites."""
    sys.stderr.write("\n")


def ask(question: str, prompt: str) -> str:
    """What a person types after the two lines. Raises `click.Abort` at the end of the input."""
    show(question)
    answer: Any = click.prompt(printable(prompt), default="", show_default=False)
    return str(answer)


def show_traceback(error: BaseException) -> None:
    """Print a traceback on standard error, each line as text."""
    for line in "".join(traceback.format_exception(error)).splitlines():
        show(line, err=True)


def show_usage_error(error: click.ClickException) -> None:
    """Print click's complaint, which quotes what was typed, and the usage of its command on standard error."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        for line in (*context.get_usage().splitlines(), f"Try '{context.command_path} --help' for help.", ""):
            show(line, err=True)
    show(f"Error: {error.format_message()}", err=True)
