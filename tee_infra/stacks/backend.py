"""The engine on one backend: what stacks there are, and what they export."""

import os
import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pulumi import automation as auto

from tee_infra.stacks.cli import Cli
from tee_infra.stacks.errors import EngineError, NoStackError

Program = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class StackEntry:
    """A stack as the backend lists it. `resources` is None where the backend does not say."""

    name: str
    resources: int | None
    last_update: datetime | None


@dataclass(frozen=True, kw_only=True)
class Backend:
    """How the engine is called.

    `directory` holds `Pulumi.yaml` and the stack files, `command` is the Pulumi CLI of `version`, and `environ` is what
    it needs besides the variables of `shell`: the backend's URL, passphrase, credentials, provider. Stacks that are
    created get `secrets_provider`, or the CLI's own choice.
    """

    directory: Path
    command: Path
    version: str
    environ: Mapping[str, str]
    secrets_provider: str | None = None
    shell: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def entries(self) -> list[StackEntry]:
        """Every stack of the project. Raises `EngineError`."""
        with failures("the backend"):
            return [
                StackEntry(name=found.name, resources=found.resource_count, last_update=found.last_update)
                for found in self.workspace().list_stacks()
            ]

    def outputs(self, name: str) -> dict[str, Any]:
        """What the last `up` of a stack exported, secrets left out. Raises `NoStackError`, `EngineError`."""
        with failures(name):
            found = self.workspace().stack_outputs(name)
        return {key: output.value for key, output in found.items() if not output.secret}

    def create(self, name: str) -> None:
        """Create an empty stack; one that exists is left as it is. Raises `EngineError`."""
        try:
            with failures(name):
                self.workspace().create_stack(name)
        except auto.StackAlreadyExistsError:
            return

    def workspace(self, program: Program | None = None) -> auto.LocalWorkspace:
        """A workspace of the Automation API that runs `program` inline."""
        return _Checkout(
            work_dir=str(self.directory),
            program=program,
            env_vars=dict(self.environ),
            pulumi_command=Cli(self.command, self.version, self.shell),
            secrets_provider=self.secrets_provider,
        )


@contextmanager
def failures(name: str) -> Generator[None]:
    """Turn what the CLI says about `name` into the program's errors."""
    try:
        yield
    except auto.StackAlreadyExistsError:
        raise
    except auto.StackNotFoundError:
        raise NoStackError(name) from None
    except auto.CommandError as error:
        raise EngineError(name, [last_words(error)]) from error


def last_words(error: auto.CommandError) -> str:
    """The CLI's last error line; where it ended without one, the code that it ended with."""
    told = re.findall(r"^(?:\s*stderr:)?\s*error: (.+)$", str(error), re.MULTILINE)
    if told:
        return told[-1].strip()
    code = re.search(r"code: (-?\d+)", str(error))
    return f"the engine ended with code {code[1] if code else 'unknown'} and no word; run the same command again"


class _Checkout(auto.LocalWorkspace):
    """A workspace that never selects a stack: a selection would change what plain `pulumi` means in this checkout."""

    def select_stack(self, stack_name: str) -> None:
        """Nothing to do: every command names its stack."""

    def create_stack(self, stack_name: str) -> None:
        secrets = ["--secrets-provider", self.secrets_provider] if self.secrets_provider else []
        self.pulumi_command.run(["stack", "init", stack_name, "--no-select", *secrets], self.work_dir, self.env_vars)
