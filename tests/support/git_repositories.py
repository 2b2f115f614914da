"""Real git repositories on disk: a bare one that stands for the host, and clones of it."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.checkout import ROOT

# Whoever runs the tests has an address, templates and hooks of their own; a hook that runs the tests sets GIT_DIR.
ENVIRON = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "3",
    "GIT_CONFIG_KEY_0": "user.email",
    "GIT_CONFIG_VALUE_0": "ann@example.com",
    "GIT_CONFIG_KEY_1": "user.name",
    "GIT_CONFIG_VALUE_1": "Ann",
    "GIT_CONFIG_KEY_2": "init.defaultBranch",
    "GIT_CONFIG_VALUE_2": "main",
}


@dataclass(frozen=True)
class Clone:
    """A clone with one commit on main. `origin` is bare."""

    directory: Path
    origin: Path

    def git(self, *arguments: str, **variables: str) -> str:
        """What git prints."""
        return self.run(*arguments, **variables).stdout.strip()

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run git to its end, in time."""
        return subprocess.run(
            ["git", *arguments], cwd=self.directory, env=ENVIRON | variables, capture_output=True, text=True,
            check=True, timeout=60,
        )  # fmt: skip

    def commit(self, message: str = "work") -> str:
        """An empty commit; its hash."""
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def push_branch(self, branch: str) -> str:
        """A new branch with a commit of its own on the host; its head."""
        self.git("switch", "--quiet", "--create", branch, "main")
        head = self.commit(branch)
        self.git("push", "--quiet", "--set-upstream", "origin", branch)
        self.git("switch", "--quiet", "main")
        return head


def clone_in(directory: Path) -> Clone:
    """A host and a clone in `directory`; the clone has the project's stack files."""
    origin, work = directory / "origin.git", directory / "work"
    for command in (["init", "--quiet", "--bare", str(origin)], ["clone", "--quiet", str(origin), str(work)]):
        subprocess.run(["git", *command], env=ENVIRON, check=True, capture_output=True)
    for file in ROOT.glob("Pulumi*.yaml"):
        (work / file.name).write_bytes(file.read_bytes())
    clone = Clone(work, origin)
    clone.git("add", ".")
    clone.commit("first")
    clone.git("push", "--quiet", "origin", "main")
    return clone
