"""Every text that people read: no refused words, one form of help, one sentence per line."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest

from tee_infra.cli.root import root
from tests.support.cases import every
from tests.support.texts import Text, all_texts, document, documents, sources, strings
from tests.support.word_rules import RULES, Rule
from tests.support.words import places

ROOT: Final = Path(__file__).parents[2]
PAGES = [file for file in documents(ROOT) if file.suffix == ".md"]
FILES = [*documents(ROOT), *sources(ROOT)]

PLACEHOLDERS: Final = {
    "ENV", "DURATION", "TIMESTAMP", "FILE", "DIR", "TABLE", "N", "SLOT", "PERCENT",
    # Of one option each, or of several with the same meaning.
    "ARN", "BRANCH", "BUCKET", "CONDITION", "DATE", "FRACTION", "INDEX", "MODULE:FUNCTION", "OWNER", "PARTITION",
    "PORT", "PREFIX", "REASON", "REMOTE", "SORT", "SUFFIX", "URL", "ENV|table:TABLE", "DIR|s3://BUCKET/PREFIX",
}  # fmt: skip
WITH_EXAMPLES: Final = (
    "up", "preview", "feature create", "cleanup", "data get", "data query", "data scan", "data copy", "data sync-dev",
    "backup create", "backup restore",
    "legacy adopt", "legacy migrate", "legacy cleanup", "archive",
)  # fmt: skip


def commands(command: click.Command, path: str, parent: click.Context | None) -> Iterator[tuple[str, click.Context]]:
    """Every command with its path, hidden ones included."""
    name = path.rsplit(" ", 1)[-1]
    context = click.Context(command, info_name=name, parent=parent, terminal_width=80, **command.context_settings)
    yield path, context
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from commands(found, f"{path} {child}".strip(), context)


COMMANDS = dict(commands(root, "", None))
each_command = every(COMMANDS, lambda path: f"tee-infra {path}")
each_page = every(PAGES)
each_rule = every(RULES, lambda rule: rule.name)


def listed(texts: Iterator[Text]) -> str:
    return "\n".join(str(place) for place in places(texts))


@each_rule
def test_each_rule_refuses_its_example_and_accepts_the_other(rule: Rule) -> None:
    assert list(places([Text("", 1, rule.refuses)], [rule]))
    assert not list(places([Text("", 1, rule.accepts)]))


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("Adopt it, or delete it, and run again", True),
        ("Or delete the table first", True),
        ("Then drop the existing table", True),
        ("aws dynamodb delete-table --table-name x", True),
        ("| the stack protects a resource | remove the protection, or hold it |", True),
        ("To go on, lift its deletion protection", True),
        ("Set both to false, run up", True),
        ("Set environment.protect to false", True),
        ("run pulumi state unprotect URN", True),
        ("Adopt it with pulumi import TYPE NAME ID", True),
        ("Delete every resource of an environment.", False),
        ("cleanup never removes a protection", False),
        ("it cannot switch off a table's deletion protection", False),
        ("Adopt it: tee-infra repair dev", False),
    ],
)
def test_no_form_of_advice_that_loses_data_passes(text: str, refused: bool) -> None:
    rules = [rule for rule in RULES if rule.name.endswith("as advice")]
    assert bool(list(places([Text("", 1, text)], rules))) == refused


@every(FILES)
def test_no_text_has_a_refused_word(file: Path) -> None:
    found = listed((strings if file.suffix == ".py" else document)(ROOT, file))
    assert not found, "\n" + found


@each_command
def test_no_help_has_a_refused_word(path: str) -> None:
    """The help as it is shown: also texts that a function put together."""
    context = COMMANDS[path]
    texts = [context.command.help or "", context.command.get_short_help_str(), *option_helps(context.command)]
    found = listed(Text(f"tee-infra {path} --help", 1, " ".join(text.split())) for text in texts)
    assert not found, "\n" + found


@each_command
def test_a_value_is_asked_for_by_the_placeholder_of_its_type(path: str) -> None:
    for parameter in COMMANDS[path].command.params:
        if takes_a_value(parameter) and not getattr(parameter, "hidden", False):
            shown = parameter.make_metavar(COMMANDS[path]).strip("[]").removesuffix("...")
            assert shown in PLACEHOLDERS, f"{parameter.opts[0]} {shown}"


@each_command
def test_a_default_is_written_as_a_sentence(path: str) -> None:
    """`Default: X.`; click's own `[default: X]` would be a second form."""
    for option in options(COMMANDS[path].command):
        assert not option.show_default, f"{option.opts[0]}: write 'Default: X.' in its help"
        if takes_a_value(option) and option.default not in (None, (), click.core.UNSET) and not option.hidden:
            assert "Default: " in (option.help or ""), f"{option.opts[0]} has the default {option.default!r}"
        assert not re.search(r"\bdefault: |Defaults? (?:is|to)\b", option.help or ""), option.opts[0]


@each_command
def test_the_help_of_an_option_is_sentences(path: str) -> None:
    for option in options(COMMANDS[path].command):
        if not option.hidden:
            assert re.search(r"^\S.*[.)]$", option.help or "", re.DOTALL), f"{option.opts[0]}: {option.help!r}"


@each_command
def test_the_list_of_commands_fits_a_terminal(path: str) -> None:
    shown = COMMANDS[path].get_help().splitlines()
    assert [line for line in shown if len(line) > 80] == []
    if isinstance(COMMANDS[path].command, click.Group):
        assert [line for line in shown if line.endswith(("...", "…")) and not line.startswith("Usage:")] == []


@pytest.mark.parametrize("path", WITH_EXAMPLES)
def test_the_help_of_a_main_command_has_an_example(path: str) -> None:
    assert re.search(rf"^ +tee-infra {path} ", COMMANDS[path].get_help(), re.MULTILINE)


@each_page
def test_a_page_has_one_sentence_a_line(page: Path) -> None:
    found = [f"{page.relative_to(ROOT)}:{number}: {why}" for number, why in broken_lines(page.read_text())]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("One sentence.\nAnother one.", []),
        ("One sentence. Another one.", [1]),
        ("A sentence that\ngoes over two lines.", [1]),
        ("- an item\n- another\n  and its second line", [2]),
        ("- An item.\n  Its second sentence.", []),
        ("| a. B | c |\n|---|---|", []),
        ("Thus:\n\n```bash\na. B\nc\n```", []),
        ("# A heading\n\nA sentence.", []),
        ("# A. heading\n\n1. First.\n2. Second `a. B` e.g. Third.", []),
        ("**A name.** Its sentence.", []),
    ],
)
def test_what_is_one_sentence_a_line(text: str, broken: list[int]) -> None:
    assert [number for number, _ in broken_lines(text)] == broken


def test_the_scanner_reads_documents_comments_strings_and_help() -> None:
    """A file of each kind, so that no kind is left out by a wrong pattern."""
    files = {text.file for text in all_texts(ROOT)}
    assert {"README.md", "CHANGELOG.md", "AGENTS.md", "docs/data.md", "docs/schedules/crontab", "Makefile"} <= files
    assert {"tee_infra/errors.py", "tee_infra/cli/root.py"} & files
    assert not any("docs/commands.md" in file for file in files)


def options(command: click.Command) -> Iterator[click.Option]:
    yield from (parameter for parameter in command.params if isinstance(parameter, click.Option))


def option_helps(command: click.Command) -> Iterator[str]:
    yield from (option.help or "" for option in options(command))


def takes_a_value(parameter: click.Parameter) -> bool:
    is_switch = isinstance(parameter, click.Option) and (parameter.is_flag or parameter.count)
    return not is_switch and not isinstance(parameter.type, click.Choice)


def broken_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with more than one sentence, or with a part of one."""
    lines = prose_lines(text)
    for (number, line), (_, following) in zip(lines, [*lines[1:], (0, "")], strict=True):
        plain = re.sub(r"`[^`]*`|\be\.g\.|\bi\.e\.|^\s*\d+\.|\bvs\.", "code", line)
        if re.search(r"[.!?]\)? +(?=[A-Z\[(*`\"]|code)", plain):
            yield number, "more than one sentence"
        if line.strip() and continues(following) and not re.search(r"[.!?:;]\W*$", line):
            yield number, "a sentence goes over the end of the line"


def prose_lines(text: str) -> list[tuple[int, str]]:
    """The lines of a page; blank where there is a heading, a table, a comment or a block of code."""
    found: list[tuple[int, str]] = []
    code = False
    for number, line in enumerate(text.splitlines(), 1):
        fence = line.lstrip().startswith("```")
        code ^= fence
        blank = code or fence or line.startswith(("#", "|", "<!--"))
        found.append((number, "" if blank else line))
    return found


def continues(line: str) -> bool:
    """Whether a line belongs to the paragraph or the item before it."""
    return bool(line.strip()) and not re.match(r"\s*(?:[-*]|\d+\.)\s", line)
