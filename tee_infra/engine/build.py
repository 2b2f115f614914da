"""Builds the official CLI from its Go module: ten minutes with empty Go caches, one or two with full ones."""

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tee_infra.engine.find import ask_version
from tee_infra.engine.go import Go, fetch_go, go_on_path
from tee_infra.engine.install_language_host import EXECUTOR, put_language_host
from tee_infra.engine.pins import CLI_PACKAGE, MODULE, SDK_MODULE
from tee_infra.engine.steps import Step, StepError, run_step

LIMIT_SECONDS = 3600.0


def build(
    made: Path, *, version: str, go_home: Path, environ: Mapping[str, str], report: Callable[[str], None]
) -> None:
    """Build the CLI as `made/bin/pulumi`, with the language host beside it.

    A Go that has to be downloaded stays in `go_home`, with its caches, until a build succeeds.

    Raises:
        StepError: no Go available, no network for its modules, or the CLI does not run.
    """
    go = go_on_path(environ) or fetch_go(go_home, environ, report)
    module = Path(shutil.copytree(MODULE, made.with_name("module")))
    command = made / "bin" / "pulumi"
    command.parent.mkdir(parents=True)
    run_step(
        Step(
            doing=f"building Pulumi CLI {version} from its Go module (once, up to ten minutes)",
            command=[go.command, "build", "-v", "-o", command, "-ldflags", linker_flags(version), CLI_PACKAGE],
            environ=go.environ,
            limit_seconds=LIMIT_SECONDS,
            folder=module,
            tally=tally,
        ),
        report,
    )
    shutil.copy(module_folder(go, module) / "python" / "cmd" / EXECUTOR, command.with_name(EXECUTOR))
    put_language_host(command.parent)
    require_version(command, version, environ)
    shutil.rmtree(go_home, ignore_errors=True)


def linker_flags(version: str) -> str:
    """A smaller binary with its version: without the version the Automation API refuses the CLI."""
    return f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{version}"


def tally(lines: Sequence[str]) -> str:
    """The progress of `go build -v`, which prints a line per module that it downloads and per package it compiles."""
    downloaded = sum(line.startswith("go: downloading") for line in lines)
    compiled = sum(not line.startswith("go: ") for line in lines)
    return f"{downloaded} modules downloaded, {compiled} packages compiled"


def module_folder(go: Go, module: Path) -> Path:
    """The folder of the SDK's module, which contains the official executor."""
    answer = subprocess.run(  # noqa: S603
        [go.command, "list", "-m", "-f", "{{.Dir}}", SDK_MODULE],
        cwd=module,
        env=dict(go.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise StepError(f"looking for {SDK_MODULE}: {answer.stderr.strip()}")
    return Path(answer.stdout.strip())


def require_version(command: Path, version: str, environ: Mapping[str, str]) -> None:
    """A CLI that does not run is not kept."""
    try:
        answer = ask_version(command, environ)
    except (OSError, subprocess.SubprocessError) as error:
        raise StepError(f"the built CLI does not run: {error}") from error
    if answer != version:
        raise StepError(f"the built CLI reports version '{answer}' instead of {version}")
