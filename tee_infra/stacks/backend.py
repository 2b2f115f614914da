"""The engine on one backend: its stacks and their outputs."""

import os
import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pulumi import automation as auto

from tee_infra.stacks.cli import Check, Cli
from tee_infra.stacks.errors import EngineError, NoStackError

Program = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class StackEntry:
    """A stack in the backend's list. `resources` is None where the backend does not count them."""

    name: str
    resources: int | None
    last_update: datetime | None


@dataclass(frozen=True, kw_only=True)
class Backend:
    """The engine's configuration.

    `directory` has `Pulumi.yaml` and the stack files, `command` is the Pulumi CLI of `version`, and `environ` has its
    variables besides those of `shell`: the backend's URL, passphrase, credentials, provider. New stacks get
    `secrets_provider`, or the CLI's default.
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
        """The outputs of a stack's last `up` without secrets. Raises `NoStackError`, `EngineError`."""
        with failures(name):
            found = self.workspace().stack_outputs(name)
        return {key: output.value for key, output in found.items() if not output.secret}

    def create(self, name: str) -> None:
        """Create an empty stack; an existing one is not changed. Raises `EngineError`."""
        try:
            with failures(name):
                self.workspace().create_stack(name)
        except auto.StackAlreadyExistsError:
            return

    def workspace(self, program: Program | None = None, check: Check = lambda: None) -> auto.LocalWorkspace:
        """A workspace of the Automation API that runs `program` inline. `check` stops its runs."""
        return _Checkout(
            work_dir=str(self.directory),
            program=program,
            env_vars=dict(self.environ),
            pulumi_command=Cli(self.command, self.version, self.shell, check),
            secrets_provider=self.secrets_provider,
        )


@contextmanager
def failures(name: str) -> Generator[None]:
    """Turn the CLI's messages about `name` into the program's errors."""
    try:
        yield
    except auto.StackAlreadyExistsError:
        raise
    except auto.StackNotFoundError:
        raise NoStackError(name) from None
    except auto.CommandError as error:
        raise EngineError(name, [last_error_line(error)]) from error


def last_error_line(error: auto.CommandError) -> str:
    """The CLI's last error line, or its exit code without one."""
    told = re.findall(r"^(?:\s*stderr:)?\s*error: (.+)$", str(error), re.MULTILINE)
    if told:
        return told[-1].strip()
    code = re.search(r"code: (-?\d+)", str(error))
    exit_code = code[1] if code else "unknown"
    return f"the Pulumi CLI exited with code {exit_code} and no error message; run the same command again"


class _Checkout(auto.LocalWorkspace):
    """A workspace that never selects a stack: that would change the stack of plain `pulumi` in this checkout."""

    def select_stack(self, stack_name: str) -> None:
        """Nothing to do: every command names its stack."""

    def create_stack(self, stack_name: str) -> None:
        secrets = ["--secrets-provider", self.secrets_provider] if self.secrets_provider else []
        self.pulumi_command.run(["stack", "init", stack_name, "--no-select", *secrets], self.work_dir, self.env_vars)
