"""Commands with input that nobody means, and how they end on a machine that is played in this process."""

import json
import os
import random
import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest.mock import patch

import click
import yaml

from tee_infra import local
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.settings import Settings
from tee_infra.engine import EngineUnavailableError
from tee_infra.errors import RefusedError
from tee_infra.workflows import doctor
from tee_infra.workflows.session import session
from tests.support.checkout import call_main
from tests.support.emulator import create_tables
from tests.support.emulator import session as shared_session
from tests.support.hostile_texts import DOCUMENTS, VALUES, WORDS
from tests.support.stand_in import checkout_at
from tests.support.typical_lines import COMMANDS, ELSEWHERE, NO_AWS, OVERVIEWS, commands

CODES: Final = {0, 1, 2, 3, 4, 5, 130}
SECONDS: Final = 60.0
NEVER: Final = {"engine", "local start", "local stop", "local env"}
"""Commands that would build, start or end something of this machine's."""
ASKERS: Final = (
    ("schema", "pull", "dev-tee-admin"),
    ("data", "copy", "--from", "table:dev-tee-sync-status", "--to", "table:staging-tee-sync-status", "--yes"),
    ("feature", "list", "--json"),
    ("backup", "list", "dev", "--input", "s3://bucket/backup"),
)
READERS: Final = (("list", "--json"), ("show", "dev"), ("data", "seed", "dev", "--members", "1"))


class Ending(NamedTuple):
    """How a command ended; `wrong` says what it should not have done. `input`: the stack file that it was to read."""

    line: tuple[str, ...]
    code: int
    seconds: float
    wrong: str | None
    said: str
    input: object = None


class Machine(NamedTuple):
    """A checkout in `folder` with a running embedded AWS."""

    folder: Path
    endpoint: str

    def run(self, line: tuple[str, ...], shell: Mapping[str, str] | None = None) -> Ending:
        """Run a command line, with nothing typed."""
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "AWS_DEFAULT_REGION": "us-east-1"}
        variables |= {"TEE_ANONYMIZE_KEY": "k" * 40, "AWS_EC2_METADATA_DISABLED": "true", **(shell or {})}
        began = time.monotonic()
        with chdir(self.folder):
            try:
                done = call_main(line, "", variables)
            except Exception as error:  # what is thrown here would be a traceback there
                return Ending(line, -1, time.monotonic() - began, f"{type(error).__name__}: {error}", "")
        seconds = time.monotonic() - began
        return Ending(line, done.code, seconds, _wrong(line, done.code, done.out, done.err, seconds), done.err)

    def read(self, document: bytes, line: tuple[str, ...]) -> Ending:
        """What a command makes of a stack file of dev, which is as before afterwards."""
        path = self.folder / "Pulumi.dev.yaml"
        before = path.read_bytes()
        path.write_bytes(document)
        try:
            return self.run(line)._replace(input=document)
        finally:
            path.write_bytes(before)

    def ask(self, shell: Mapping[str, str], line: tuple[str, ...]) -> Ending:
        """What a command makes of a shell whose AWS is the embedded one, unless `shell` says otherwise."""
        keys = {"AWS_ENDPOINT_URL": self.endpoint, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "a"}
        return self.run(line, keys | dict(shell))._replace(input=shell)


@contextmanager
def machine_in(folder: Path, endpoint: str) -> Iterator[Machine]:
    """Starting, ending or building anything is refused; the engine cannot be had."""
    for name in ("file", "folder/file"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")
    os.mkfifo(folder / "fifo")
    (folder / "link").symlink_to("file")
    checkout_at(folder, endpoint)
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    for environment in ("dev", "staging"):
        create_tables(DynamoDb(shared_session(), endpoint), environment)
    with (
        patch.object(local, "start", _refuse),
        patch.object(local, "stop", _refuse),
        patch.object(doctor, "engine_findings", lambda _: ()),
        patch.object(session, "ensure_engine", _no_engine),
    ):
        yield Machine(folder, endpoint)


def command_lines(chance: random.Random, count: int) -> Iterator[tuple[str, ...]]:
    """Each command in turn with arguments that it takes, of which some are added, replaced, doubled or left out.

    Half of them ask for `--json`.
    """
    known = COMMANDS | OVERVIEWS | ELSEWHERE | dict.fromkeys(NO_AWS - NEVER, "")
    options = {
        name: [each for each in command.params if isinstance(each, click.Option)] for name, command in commands()
    }
    lines = sorted(known.items())
    for number in range(count):
        name, typical = lines[number % len(lines)]
        words = shlex.split(typical)
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            _change(chance, words, chance.choice(options[name]))
        yield (*name.split(), *words, *(["--json"] if chance.random() < 0.5 else []))


def settings_documents() -> Iterator[bytes]:
    """Stack files of dev: broken ones, and each setting with each value that no setting means."""
    yield from DOCUMENTS
    for name in (*Settings.model_fields, "nonsense"):
        for value in VALUES:
            environment = {"name": "dev", "owner": "platform", name: value}
            yield yaml.safe_dump({"config": {"tee-infra:environment": environment}}).encode()


def _change(chance: random.Random, words: list[str], option: click.Option) -> None:
    name, value = max(option.opts, key=len), chance.choice(WORDS)
    match chance.choice(("option",) * 5 + ("replace", "replace", "word", "leave out", "odd option")):
        case "option":
            words += [name] if option.is_flag else [name, value]
        case "odd option":
            words += chance.choice(([name], [f"{name}={value}"], [name, value, value]))
        case "replace" if words:
            words[chance.randrange(len(words))] = value
        case "leave out" if words:
            del words[chance.randrange(len(words))]
        case _:
            words.insert(chance.randrange(len(words) + 1), value)


def _wrong(line: tuple[str, ...], code: int, out: str, err: str, seconds: float) -> str | None:
    if code not in CODES:
        return f"the exit code {code}"
    if seconds > SECONDS:
        return f"{seconds:.0f} s"
    if "Add --debug" in out + err:
        return "an internal error"
    if "--json" in line and out.startswith("{"):  # an option may have taken it for its value
        return _wrong_document(code, out)
    if (code != 0) != any(text.lower().startswith(("error: ", "usage: ")) for text in err.splitlines()):
        return "a failure without an error" if code else "an error that fails nothing"
    return None


def _wrong_document(code: int, out: str) -> str | None:
    try:
        document: Mapping[str, Any] = json.loads(out)
    except ValueError:
        return "no JSON document"
    return "a failure without an error" if code and "error" not in document else None


def _refuse(*_: object, **__: object) -> Any:
    raise RefusedError("not in this test")


def _no_engine(*_: object) -> Any:
    raise EngineUnavailableError(reasons=("none in this test",))
