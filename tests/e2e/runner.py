"""A runner of GitHub's on this machine: it checks out what an event names, and runs what the workflows say."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.checkout import SECONDS, Checkout, Done, clean_environment
from tests.support.git_repositories import ENVIRON
from tests.support.pipelines import REPOSITORY, runs

GIT = {name: ENVIRON[name] for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM")}


@dataclass
class Runner:
    """`checkout` is one clone for all jobs, as the embedded AWS is a part of it; GitHub makes a new one for each."""

    checkout: Checkout
    environ: dict[str, str] = field(default_factory=dict[str, str])
    number: int = 0

    def handle(self, workflow: str, context: dict[str, Any], *extra: str, commit: str = "origin/main") -> list[Done]:
        """Run the commands that an event starts, each with `extra` behind it. `commit` is what the job checks out."""
        git(self.checkout.directory, "fetch", "--quiet", "--prune", "origin")
        git(self.checkout.directory, "checkout", "--quiet", "--detach", commit)
        return [self._run(run.command, list(extra), run.env, context["github"]) for run in runs(workflow, context)]

    def _run(self, command: str, extra: list[str], env: dict[str, str], github: dict[str, Any]) -> Done:
        self.number += 1
        payload = self.checkout.directory.parent / "event.json"
        payload.write_text(json.dumps(github["event"]))
        told = {
            "GITHUB_ACTOR": "ann",
            "GITHUB_EVENT_NAME": github["event_name"],
            "GITHUB_EVENT_PATH": str(payload),
            "GITHUB_REF": github["ref"],
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": str(self.number),
            "GITHUB_SHA": git(self.checkout.directory, "rev-parse", "HEAD"),
        }
        ended = subprocess.run(
            ["bash", "-e", "-c", f'{command} "$@"', "bash", *extra],
            cwd=self.checkout.directory, env=clean_environment() | GIT | self.environ | told | env,
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        assert "Traceback" not in ended.stderr + ended.stdout, ended.stderr + ended.stdout
        return Done(ended.returncode, ended.stdout, ended.stderr, (*command.split(), *extra))


def clone_for_jobs(directory: Path, origin: Path) -> Path:
    """A clone of `origin` with the virtual environment of the tests, which git does not see."""
    git(directory.parent, "clone", "--quiet", str(origin), str(directory))
    (directory / ".venv").symlink_to(sys.prefix)
    (directory / ".git" / "info" / "exclude").write_text(".venv\n.tee\n")
    return directory


def git(directory: Path, *arguments: str) -> str:
    ended = subprocess.run(
        ["git", *arguments], cwd=directory, env=ENVIRON, capture_output=True, text=True, check=True, timeout=60
    )
    return ended.stdout.strip()
