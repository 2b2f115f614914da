"""Text that people read, with its place: documents, and the strings and help texts of the program."""

import ast
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

GENERATED: Final = "docs/commands.md"
"""Made from the commands' help, which is checked where it is written."""


@dataclass(frozen=True)
class Text:
    """A line of a document, or a string of the program; `{}` is what an f-string fills in."""

    file: str
    line: int
    text: str


def all_texts(root: Path) -> Iterator[Text]:
    """The texts of a checkout."""
    for file in documents(root):
        yield from document(root, file)
    for file in sources(root):
        yield from strings(root, file)


def documents(root: Path) -> list[Path]:
    """Files that are prose, or whose comments are: pages, schedules, stack files, workflows, the Makefile."""
    patterns = ("*.md", "docs/**/*.md", "docs/schedules/*", "Pulumi*.yaml", ".github/**/*.yml", "Makefile")
    found = {file for pattern in patterns for file in root.glob(pattern)}
    return sorted(found - {root / GENERATED})


def sources(root: Path) -> list[Path]:
    """The program's modules."""
    return sorted((root / "tee_infra").rglob("*.py"))


def document(root: Path, file: Path) -> Iterator[Text]:
    """A document's lines; of code and settings, the comments."""
    code = file.suffix != ".md"
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if line.lstrip().startswith("```"):
            code = not code
        elif not code:
            yield Text(str(file.relative_to(root)), number, line.strip())
        elif comment := re.search(r"(?:^|\s)#+ (.*)", line):
            yield Text(str(file.relative_to(root)), number, comment[1])


def strings(root: Path, file: Path) -> Iterator[Text]:
    """A module's strings of more than one word. Of docstrings, only those that are a command's help."""
    tree = ast.parse(file.read_text())
    statements = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    silent = statements - set(help_texts(tree))
    for node, value in literals(tree, silent):
        if " " in (text := " ".join(value.split())):
            yield Text(str(file.relative_to(root)), node.lineno, text)


def help_texts(tree: ast.Module) -> Iterator[ast.expr]:
    """The docstrings of click's commands and groups."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(_makes_command(decorator) for decorator in node.decorator_list):
            first = node.body[0]
            if isinstance(first, ast.Expr):
                yield first.value


def literals(node: ast.AST, silent: Container[ast.expr]) -> Iterator[tuple[ast.expr, str]]:
    """Every string below `node` that is not in `silent`; an f-string is one string."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and node not in silent:
            yield node, node.value
        return
    if isinstance(node, ast.JoinedStr):
        yield node, "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
            yield from literals(child, silent)


def _makes_command(decorator: ast.expr) -> bool:
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(function, ast.Attribute) and function.attr in ("command", "group")
