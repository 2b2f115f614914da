"""Serves `pulumirpc.LanguageRuntime` on a loopback port until the engine interrupts it or is gone.

The engine reads the port from the first line of standard output and gives its own address as the last argument.
"""
# ruff: noqa: E402 - the bare packages must be in place before anything imports the SDK's messages

from tee_infra.engine.language_host.bare_sdk import put_bare_packages

put_bare_packages()

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from pulumi.runtime.proto.language_pb2_grpc import add_LanguageRuntimeServicer_to_server

from tee_infra.engine.language_host.service import LanguageRuntime

GRACE_SECONDS = 2.0  # the engine kills the host 5 s after it interrupted it


def main() -> None:
    """Serve, then end with everything that was started."""
    lead_own_process_group()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, leave)
    server = grpc.server(ThreadPoolExecutor())
    runtime = LanguageRuntime(engine=sys.argv[-1], executor=Path(sys.argv[0]).with_name("pulumi-language-python-exec"))
    add_LanguageRuntimeServicer_to_server(runtime, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        print(port, flush=True)  # noqa: T201 - the protocol
        wait_for_engine_to_go()
    finally:
        end(server)


def lead_own_process_group() -> None:
    """The engine starts the host as the leader of a group; started by hand it must not share the shell's."""
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)


def leave(_signum: int, _frame: object) -> None:
    """Unwind the main thread quietly."""
    raise SystemExit


def wait_for_engine_to_go() -> None:
    """Return when the other end of standard input is closed, which `kill -9` of the engine does too."""
    while sys.stdin.buffer.read(1):
        pass


def end(server: grpc.Server) -> None:
    """End the programs, their children included, and this process."""
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    all_ended = server.stop(grace=2 * GRACE_SECONDS).wait(GRACE_SECONDS)
    if not all_ended:
        os.killpg(0, signal.SIGKILL)
    os._exit(0)  # the engine waits for this process, and nothing is left that needs an orderly shutdown


if __name__ == "__main__":
    main()
