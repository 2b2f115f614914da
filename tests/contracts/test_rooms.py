"""The rooms of house and tests: few, small, described in the order of a run, and named in AGENTS.md as they are."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "tee_infra"
LIMITS = {"core": 24, "workflows": 13}
LONGEST = 350


def members(folder: Path) -> list[Path]:
    """Modules and packages directly in a folder."""
    return sorted(
        path
        for path in folder.iterdir()
        if (path.suffix == ".py" and path.name != "__init__.py") or (path / "__init__.py").exists()
    )


ROOMS = [room for floor in LIMITS for room in members(PACKAGE / floor) if room.is_dir()] + [PACKAGE / "client"]
CLIENT_IMPORTS = {"boto3", "botocore", "tee_infra"}
"""Beside the standard library; of ours, only the client's own modules."""


@pytest.mark.parametrize("floor", LIMITS)
def test_a_floor_has_few_rooms(floor: str) -> None:
    assert len(members(PACKAGE / floor)) <= LIMITS[floor]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(PACKAGE)))
def test_a_room_names_its_files(room: Path) -> None:
    text = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))) or ""
    named = set(re.findall(r"`(\w+)`", text))
    assert {path.stem for path in members(room)} - named == set()


def test_the_client_stands_apart() -> None:
    imported = set()
    for file in (PACKAGE / "client").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module or ".")
    outside = {name for name in imported if name.split(".")[0] not in sys.stdlib_module_names | CLIENT_IMPORTS}
    ours = {name for name in imported if name.split(".")[0] == "tee_infra"}
    assert outside == set()
    assert {name for name in ours if not name.startswith("tee_infra.client")} == set()
    assert (PACKAGE / "__init__.py").read_text(encoding="utf-8").count("import") == 0


def test_no_file_is_long() -> None:
    files = [*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "bench").rglob("*.py")]
    long = {str(file.relative_to(ROOT)): lines for file in files if (lines := file.read_text().count("\n")) > LONGEST}
    assert long == {}


def test_paths_for_contributors_exist() -> None:
    text = (ROOT / "AGENTS.md").read_text(encoding="utf-8")
    paths = {path for path in re.findall(r"`([\w./-]+/[\w./-]*)`", text) if "<" not in path}
    missing = {path for path in paths if not any((base / path).exists() for base in (ROOT, PACKAGE))}
    assert len(paths) > 30
    assert missing == set()
    modules = re.findall(r"`python -m ([\w.]+)", text)
    assert [module for module in modules if not (ROOT / (module.replace(".", "/") + ".py")).exists()] == []
