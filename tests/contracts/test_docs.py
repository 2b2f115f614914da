"""What the docs say can be typed exists, and what exists is in the docs."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tee_infra.cli import reference
from tee_infra.cli.root import root
from tee_infra.core.environments import KINDS
from tee_infra.core.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")] if path.name != "commands.md")
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@each_page
def test_every_command_in_the_docs_parses(page: Path) -> None:
    for typed in commands_in(page.read_text()):
        parse(shlex.split(typed, comments=True)[1:])


@each_page
def test_every_make_target_in_the_docs_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for typed in re.findall(r"(?:^|`)make ([a-z ]+?)(?:`|  |$)", page.read_text(), re.MULTILINE):
        assert set(typed.split()) <= targets


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert target.startswith("http") or (page.parent / target).exists(), target


def test_the_reference_is_up_to_date() -> None:
    """Made in a process of its own: click remembers the help options of whoever asked a command for them first."""
    made = subprocess.run([sys.executable, "-m", reference.__name__], capture_output=True, text=True, check=True)
    assert (ROOT / "docs" / "commands.md").read_text() == made.stdout


def test_every_setting_is_documented_with_each_kinds_value() -> None:
    documented = (ROOT / "docs" / "environments.md").read_text()
    for row in settings_rows():
        assert row in documented


def commands_in(text: str) -> Iterator[str]:
    """Every `tee-infra …` at the start of a line in a block, or alone in backticks; placeholders made concrete."""
    blocks = "\n".join(re.findall(r"^```(?:bash|sh)\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    typed = re.findall(r"^(?:\.venv/bin/)?(tee-infra .*)$", blocks, re.MULTILINE)
    typed += [span for span in re.findall(r"`(tee-infra [^`]+)`", text) if not re.search(r"[|…]", span)]
    for command in typed:
        yield re.split(r" > | # ", command)[0].replace("ENV", "dev").replace("PORT", "4600")


def parse(arguments: list[str]) -> None:
    """Parse without running. Raises what the command line would raise."""
    command: click.Command = root
    context = click.Context(root)
    if arguments[:1] == ["-C"]:
        arguments = arguments[2:]
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        child = command.get_command(context, arguments[0])
        assert child is not None, f"no command {arguments[0]!r}"
        command, arguments = child, arguments[1:]
    if arguments or not isinstance(command, click.Group):
        command.make_context(command.name or "", arguments, parent=context)


def settings_rows() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        if field.is_required() or name in ("branch", "expires_at"):
            continue
        values = [kind.settings.get(name, field.default) for kind in KINDS.values()]
        yield f"| `{name}` | {' | '.join(shown(value) for value in values)} |"


def shown(value: object) -> str:
    match value:
        case None | ():
            return "none"
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)


OUTPUTS = re.compile(r"tee-infra [^|`\n]*?(?:--(?:output|comment|checkpoint) |> )((?![A-Z]+\b|s3:)[\w./-]+)")


def test_git_takes_no_file_that_the_docs_write() -> None:
    named = {file for page in [*PAGES, ROOT / "docs" / "commands.md"] for file in OUTPUTS.findall(page.read_text())}
    assert {"backups/dev", "review.md", "comment.md", ".env"} <= named
    written = {file for file in named if not file.startswith(("docs/", "packages/"))}
    inside = {file if Path(file).suffix or file.startswith(".") else f"{file}/manifest.json" for file in written}
    inside |= {".tee/copy-a-b.checkpoint", ".tee/aws/snapshot"}
    ignored = subprocess.run(
        ["git", "check-ignore", "--no-index", *inside], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.splitlines()
    assert set(ignored) == inside
