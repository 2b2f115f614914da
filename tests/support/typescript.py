"""The module of `tee-infra env export --format typescript`, compiled as an app would, beside the AWS SDK."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tee_infra.core.app_config import render_typescript
from tee_infra.core.environments import parse_environment
from tests.support.iam_simulator import NODE, install_node_tools

STRICTEST: Final = (
    "--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--noUnusedLocals",
    "--noUnusedParameters", "--noImplicitReturns", "--noImplicitOverride", "--noPropertyAccessFromIndexSignature",
    "--isolatedModules", "--noFallthroughCasesInSwitch", "--verbatimModuleSyntax", "--erasableSyntaxOnly",
    "--skipLibCheck", "--module", "es2022", "--moduleResolution", "bundler",
)  # fmt: skip
"""So that it compiles in a project with any of them."""


def slot_tables(folder: Path, *, edits: Mapping[str, str] | None = None, more: str = "") -> Path:
    """`tables.js` in `folder`, unchecked, beside the SDK and the scripts of `tests/node`.

    `edits`: shorter times, text -> text. `more`: at the end of the module.
    """
    module = render_typescript(parse_environment("dev"))
    for old, new in (edits or {}).items():
        assert module.count(old) == 1, old
        module = module.replace(old, new)
    _prepare(folder, {"tables.ts": module + more})
    run_script(folder, "transpile.mjs", "tables.ts")
    return folder


def checked(folder: Path, *, scripts: Mapping[str, str] | None = None, app: Mapping[str, str] | None = None) -> Path:
    """The same, checked by `tsc`. `scripts`: more of them. `app`: other TypeScript modules by file name."""
    sources = {"tables.ts": render_typescript(parse_environment("dev")), **(app or {})}
    tools = _prepare(folder, sources | dict(scripts or {}))
    tsc = tools / "node_modules" / ".bin" / "tsc"
    target = "es2022" if app else "es2020"  # the app's own module may wait at its top
    done = subprocess.run(
        [tsc, *STRICTEST, "--target", target, *sources], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return folder


def _prepare(folder: Path, files: Mapping[str, str]) -> Path:
    tools = install_node_tools()
    (folder / "node_modules").symlink_to(tools / "node_modules")
    (folder / "package.json").write_text('{"type": "module"}')
    present = {script.name: script.read_text() for script in NODE.glob("*.mjs")}
    for name, text in (present | dict(files)).items():
        (folder / name).write_text(text)
    return tools


def run_script(folder: Path, script: str, *arguments: str) -> str:
    """What a script prints."""
    done = subprocess.run(
        ["node", script, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
