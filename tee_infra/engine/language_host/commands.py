"""What the host starts: the command lines, environments and output of programs and policy packs."""

import json
import os
import selectors
import signal
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from pulumi.runtime.proto import language_pb2 as messages

from tee_infra.engine.language_host import program


def run_program(request: messages.RunRequest, *, engine: str, executor: Path) -> list[str]:
    """The command that runs the program through the SDK's executor.

    `executor` is `python/cmd/pulumi-language-python-exec` of the `sdk/v3` Go module; its flags are named there.
    """
    flags = {
        "monitor": request.monitor_address,
        "engine": engine,
        "project": request.project,
        "root_directory": request.info.root_directory,
        "stack": request.stack,
        "pwd": request.pwd,
        "dry_run": "true" if request.dryRun else "false",
        "parallel": str(request.parallel),
        "organization": request.organization,
    }
    given = [part for name, value in flags.items() if value for part in (f"--{name}", value)]
    entry = Path(request.info.program_directory, request.info.entry_point)
    return [str(program.interpreter(request.info)), "-u", str(executor), *given, str(entry), *request.args]


def program_environment(request: messages.RunRequest) -> dict[str, str]:
    """This process's environment with the virtualenv active and the stack's configuration in it."""
    return program.activated(dict(os.environ), request.info) | {
        "PULUMI_CONFIG": json.dumps(dict(request.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
    }


def run_policy_pack(request: messages.RunPluginRequest) -> list[str]:
    """The command that serves the policy pack; the engine's address is the last of `request.args`.

    Raises:
        ProgramError: on any other kind of plugin.
    """
    if request.kind != "analyzer":
        raise program.ProgramError(
            f"a plugin of kind '{request.kind}' needs the official Pulumi CLI: this host runs policy packs only"
        )
    python = program.interpreter(request.info)
    return [str(python), "-u", "-m", "pulumi.policy", *request.args, request.info.program_directory]


def policy_pack_environment(request: messages.RunPluginRequest) -> dict[str, str]:
    """The environment that the engine sent, with the pack's own virtualenv active."""
    environ = dict(entry.split("=", 1) for entry in request.env)
    return program.activated(environ, request.info)


@contextmanager
def interrupts_blocked() -> Generator[None]:
    """A process started here never sees SIGINT, and ends by the host's SIGTERM.

    The engine interrupts the host's whole process group; a program that saw that would print a traceback.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def output(process: subprocess.Popen[bytes]) -> Iterator[tuple[str, bytes]]:
    """`("stdout" | "stderr", bytes)` as the process writes them, until it has closed both."""
    with selectors.DefaultSelector() as pipes:
        for name, pipe in (("stdout", process.stdout), ("stderr", process.stderr)):
            if pipe is not None:
                pipes.register(pipe, selectors.EVENT_READ, name)
        while pipes.get_map():
            for key, _ in pipes.select():
                chunk = os.read(key.fd, 65536)
                if chunk:
                    yield key.data, chunk
                else:
                    pipes.unregister(key.fileobj)
