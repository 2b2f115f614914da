"""The second engine: `@cloud-copilot/iam-simulate`, a development tool that is never shipped."""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

NODE = Path(__file__).parents[1] / "node"
NO_NODE = "NOT TESTED: there is no Node.js here, so no second IAM engine and no TypeScript compiler"


def install_node_tools() -> Path:
    """`tests/node`, with what its lock file names installed once. Skips loudly without Node.js, except in CI."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        if os.environ.get("CI"):
            pytest.fail(NO_NODE)
        pytest.skip(NO_NODE)
    lock = NODE / "package-lock.json"
    installed = NODE / "node_modules" / ".installed"
    with (NODE / ".lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # every xdist worker comes here
        if not installed.exists() or installed.read_text() != lock.read_text():
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=NODE, check=True)
            installed.write_text(lock.read_text())
    return NODE


def simulate(simulations: Sequence[dict[str, Any]]) -> list[str]:
    """`Allowed`, `ExplicitlyDenied` or `ImplicitlyDenied` for each, or what is invalid about it."""
    done = subprocess.run(
        ["node", "simulate.mjs"],
        cwd=install_node_tools(),
        input=json.dumps(list(simulations)),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)
