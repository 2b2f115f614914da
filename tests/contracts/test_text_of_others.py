"""Every command prints text of others as text: hostile arguments, records, tags, settings, files, AWS, git, Pulumi."""

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import click
import pytest

from tee_infra import cli
from tee_infra.aws.control_locks import Locks
from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_table import REGISTRY, ControlTable
from tee_infra.cli.printing import ask, show_progress, show_traceback
from tee_infra.cli.schemas import commands
from tee_infra.core.lifecycle.history import HistoryEntry
from tee_infra.core.lifecycle.record import Hold
from tee_infra.engine import report_to
from tests.support.emulator import reset
from tests.support.homes import NOW, Moto, client, make_control_table, make_table, record_of, tags_of
from tests.support.hostile import TEXT, faults
from tests.support.stand_in import checkout_at

PACKAGE = Path(__file__).parents[2] / "tee_infra"
COMMANDS = dict(commands())
AT = ["--now", NOW.strftime("%Y-%m-%dT%H:%M:%SZ")]
# The only writers besides the edge: the engine's own progress, which uses the same function; a protocol; and logs.
WRITERS = {
    "cli/printing.py", "engine/progress.py", "engine/language_host/__main__.py", "local/server.py", "local/snapshot.py",
}  # fmt: skip

GROUPS = ["env", "feature", "legacy", "migrate", "hooks", "data", "backup", "schema", "local-fault", "local"]
# A command line of each command that gets as far as AWS, git or the engine. Others end before, or are never run here:
# `local start` leaves a process behind, `engine` builds a program.
LINES = {
    "up": "dev --yes", "preview": "dev", "refresh": "dev", "down": "dev --yes", "list": "", "show": "dev",
    "run": "dev -- true",
    "diff": "staging dev",
    "repair": "dev --dry-run", "env-export": "dev", "feature-create": "--branch feature/x --yes",
    "feature-extend": "feature-x --ttl 72h", "feature-hold": "feature-x --reason x --for 7d",
    "feature-release": "feature-x", "feature-list": "", "feature-show": "feature-x",
    "feature-destroy": "feature-x --yes", "cleanup": "--by-lease-only",
    "hooks-announce": "", "hooks-install": "", "hooks-uninstall": "",
    "data-get": "dev admin MEMBER#1 PROFILE", "data-query": "dev admin MEMBER#1", "data-scan": "dev admin",
    "data-anonymize-report": "dev", "data-copy": "--from staging --to dev --yes", "data-seed": "dev",
    "data-make-key": "dev", "data-reset": "dev --yes",
    "data-sync-dev": "--from staging --yes", "data-validate": "--from prod --to dev",
    "backup-create": "dev --output backups", "backup-list": "dev", "backup-restore": "dev --input backups",
    "backup-verify": "--input backups", "schema-check": "dev", "schema-pull": "dev-x --local", "bootstrap": "dev",
    "legacy-adopt": "--yes", "legacy-migrate": "--yes", "legacy-cleanup": "--dry-run", "archive": "prod-v1 --dry-run",
    "local-env": "", "local-status": "", "doctor": "",
    "migrate": "--from legacy --to prod --yes", "migrate-status": "prod", "migrate-throttle": "prod 30%",
    "migrate-pause": "prod", "migrate-continue": "prod", "migrate-tail": "prod --until-caught-up",
    "slots": "prod", "switch": "--from prod --to prod-v2 --yes", "rollback": "prod --yes",
    "local-fault-close": "dev-x", "local-fault-split": "dev-x", "local-fault-trim": "dev-x",
    "local-fault-late": "dev-x 20% 5s", "local-fault-clear": "", "local-fault-throttle": "dev-x",
    "local-clock": "+49h", "local-fault-policy-delay": "30s",
}  # fmt: skip
# They go on without what AWS refuses and name no reason, or end at the first missing field of a manifest.
QUIET = {
    "list", "show", "env-export", "local-env", "local-status", "doctor", "backup-restore", "backup-verify",
    "local-fault-close", "local-fault-split", "local-fault-trim", "local-fault-late", "local-fault-clear",
    "local-fault-throttle", "local-clock", "local-fault-policy-delay",
}  # fmt: skip
NEVER_RUN = {"local-start", "local-stop", "engine"}

Run = Callable[..., str]


def words_of(name: str) -> list[str]:
    for group in GROUPS:
        if name.startswith(f"{group}-"):
            return [*group.split("-"), name.removeprefix(f"{group}-")]
    return [name]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command line as a shell does; all that it prints is without faults, with and without `--json`."""

    def once(*words: str, stdin: bytes = b"") -> str:
        monkeypatch.setattr(sys, "argv", ["tee-infra", *words])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit):
            cli.main()
        said = "".join(capfd.readouterr())
        assert faults(said) == [], said
        assert "Add --debug to print the traceback" not in said, said
        return said

    def both(*words: str, stdin: bytes = b"") -> str:
        once(*words, "--json", stdin=stdin)
        return once(*words, stdin=stdin)

    return both


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    def at(endpoint: str) -> Path:
        checkout_at(tmp_path, endpoint)
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return at


def test_only_one_place_writes() -> None:
    writing = re.compile(
        r"\bprint\(|\bstream\.write\b|\bstd(out|err)\.(buffer\.)?write|\bclick\.(echo|secho|prompt|confirm|get_\w+_stream)\b"
    )
    files = [file for file in PACKAGE.rglob("*.py") if writing.search(file.read_text(encoding="utf-8"))]
    assert {str(file.relative_to(PACKAGE)) for file in files} == WRITERS


@pytest.mark.parametrize("name", COMMANDS)
def test_what_was_typed_is_text(run: Run, checkout: Callable[[str], Path], name: str) -> None:
    """Every argument and option in turn, and an option that does not exist."""
    checkout("http://127.0.0.1:9")
    typed = TEXT.replace("\0", "")
    words = words_of(name)
    run(*words, f"--{typed}")
    for parameter in COMMANDS[name].params:
        if isinstance(parameter, click.Argument):
            run(*words, typed)
        elif isinstance(parameter, click.Option) and not parameter.is_flag:
            run(*words, parameter.opts[0], typed)


class Hostile(BaseHTTPRequestHandler):
    """Refuses every request as AWS does, in words of others."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps({"__type": "x#ValidationException", "message": TEXT, "Message": TEXT}).encode()
        self.send_response(400)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST  # noqa: N815

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture(scope="module")
def hostile_aws() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A git and a Pulumi that fail with words of others."""
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "said").write_text(f"fatal: {TEXT}")
    for name in ("git", "pulumi"):
        program = folder / name
        program.write_text(f'#!/bin/sh\ncat "{folder}/said"\ncat "{folder}/said" >&2\nexit 128\n')
        program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_every_command_has_a_line() -> None:
    assert COMMANDS.keys() == LINES.keys() | NEVER_RUN


@pytest.mark.parametrize("name", LINES)
@pytest.mark.usefixtures("programs")
def test_what_aws_git_and_pulumi_say_is_text(
    run: Run, checkout: Callable[[str], Path], hostile_aws: str, name: str
) -> None:
    backups = checkout(hostile_aws) / "backups"
    backups.mkdir()
    (backups / "manifest.json").write_text(json.dumps({TEXT: TEXT}))
    pushed = f"refs/heads/{TEXT} {'a' * 40} refs/heads/feature/{TEXT} {'0' * 40}\n".encode()
    said = run(*words_of(name), *LINES[name].split(), stdin=pushed)
    assert ("hostile" in said) == (name not in QUIET)


def registered(endpoint: str) -> ControlTable:
    """Environments whose every text is of others: a live one, an expired one, broken ones, their locks and history."""
    reset(endpoint)
    connection = Moto(endpoint=endpoint)
    make_control_table(connection)
    items = ControlItems.connect(connection)
    control = ControlTable(items)
    facts = {"owner": TEXT, "problem": TEXT, "head": TEXT}
    hold = Hold(reason=TEXT[:500], until=NOW + timedelta(days=1), by=TEXT)
    control.write(record_of("feature-x", hold=hold, branch=f"feature/{TEXT}", **facts))
    control.write(record_of("feature-expired", branch=f"feature/b{TEXT}", **facts))
    control.write(record_of("feature-live", ttl_seconds=90000, branch=f"feature/c{TEXT}", **facts))
    control.write(record_of("feature-other", repository=TEXT, **facts))
    control.write(record_of("feature-stuck", state="quarantined", failures=5, **facts))
    for key, record in (("feature-broken", TEXT), (TEXT, {"environment": TEXT}), ("feature-odd", {TEXT: TEXT})):
        items.put({"pk": REGISTRY, "sk": key, "version": 1, "record": record}, None)
    when = NOW - timedelta(hours=1)
    text = {"action": TEXT, "who": TEXT, "where": TEXT, "detail": TEXT}
    control.append(HistoryEntry(environment="feature-x", result="done", when=when, **text))
    Locks(items).acquire("feature-live", TEXT, TEXT)
    tags = tags_of("feature-left") | {"tee:owner": TEXT, "tee:stack": TEXT}
    make_table(client(connection, "dynamodb"), "feature-left-tee-admin", tags)
    return control


REGISTERED = [
    "feature list", "feature list --all", "cleanup --branches-file branches", "cleanup --by-lease-only --execute",
    *(f"feature show feature-{name}" for name in ("x", "other", "stuck")),
    "repair feature-x --dry-run", "preview feature-live", "feature destroy feature-x --yes",
    "feature destroy feature-other --yes", "feature create --branch feature/x --dry-run",
]  # fmt: skip


@pytest.mark.usefixtures("programs")
def test_what_the_registry_locks_history_and_tags_hold_is_text(
    run: Run, checkout: Callable[[str], Path], moto_endpoint: str
) -> None:
    folder = checkout(moto_endpoint)
    registered(moto_endpoint)
    (folder / "branches").write_text("main\nfeature/\u202e\u200b\n")
    for line in REGISTERED:
        assert "hostile" in run(*line.split(), *(AT if line.startswith("cleanup") else ())), line


@pytest.mark.parametrize("line", ["up dev --yes", "feature list"])
@pytest.mark.parametrize("key", ["owner", "repository", "region", "account_id", "budget_email", "unknown", TEXT])
def test_what_a_stack_file_holds_is_text(
    run: Run, checkout: Callable[[str], Path], hostile_aws: str, line: str, key: str
) -> None:
    settings = {"name": "dev", "owner": "platform", key: TEXT}
    text = json.dumps({"config": {"tee-infra:environment": settings}})  # JSON is YAML
    (checkout(hostile_aws) / "Pulumi.dev.yaml").write_text(text)
    run(*line.split())


def test_what_github_says_is_text(
    run: Run, checkout: Callable[[str], Path], moto_endpoint: str, hostile_aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"name": "dev", "owner": "platform", "repository": "acme/app"}
    text = json.dumps({"config": {"tee-infra:environment": settings}})
    registered(moto_endpoint)
    (checkout(moto_endpoint) / "Pulumi.dev.yaml").write_text(text)
    monkeypatch.setenv("GITHUB_TOKEN", "t0ken")
    monkeypatch.setenv("GITHUB_API_URL", hostile_aws)
    assert "GitHub: /repos/acme/app/branches: 400 hostile" in run("cleanup")


def test_a_question_and_progress_are_text(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("x\n"))
    ask(TEXT, TEXT)
    show_progress(TEXT, rewrite=False)
    report_to(sys.stderr)(TEXT)
    printed = capfd.readouterr()
    assert faults(printed.out + printed.err) == []
    show_progress(TEXT, rewrite=True)
    assert faults(capfd.readouterr().err.removeprefix("\r\033[K")) == []


def test_a_traceback_is_text(capfd: pytest.CaptureFixture[str]) -> None:
    show_traceback(ValueError(TEXT))
    assert faults(capfd.readouterr().err) == []
