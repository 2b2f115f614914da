"""Serves `pulumirpc.LanguageRuntime` on a loopback port until the engine interrupts it or is gone.

The engine reads the port from the first line of standard output and gives its own address as the last argument.
"""
# ruff: noqa: E402 - the bare packages must be in place before anything imports the SDK's messages

from tee_infra.engine.language_host.bare_sdk import put_bare_packages

put_bare_packages()

import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType

import grpc
from pulumi.runtime.proto.language_pb2_grpc import add_LanguageRuntimeServicer_to_server

from tee_infra.engine.language_host.service import LanguageRuntime

GRACE_SECONDS = 2.0  # the engine kills the host 5 s after it interrupted it


def main() -> None:
    """Serve, then end with everything that was started."""
    lead_own_process_group()
    on_signals(leave)
    server = grpc.server(ThreadPoolExecutor())
    runtime = LanguageRuntime(engine=sys.argv[-1], executor=Path(sys.argv[0]).with_name("pulumi-language-python-exec"))
    add_LanguageRuntimeServicer_to_server(runtime, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        print(port, flush=True)  # noqa: T201 - the protocol
        wait_for_engine_to_go()
    finally:
        end(runtime)


def lead_own_process_group() -> None:
    """The engine starts the host as the leader of a group; started by hand it must not share the shell's."""
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)


def on_signals(handler: signal.Handlers | Callable[[int, FrameType | None], None]) -> None:
    """Set what an interrupt by the engine or a termination does."""
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, handler)


def leave(_signum: int, _frame: FrameType | None) -> None:
    """Unwind the main thread quietly, once."""
    on_signals(signal.SIG_IGN)
    raise SystemExit


def wait_for_engine_to_go() -> None:
    """Return when the other end of standard input is closed, which `kill -9` of the engine does too."""
    while sys.stdin.buffer.read(1):
        pass


def end(runtime: LanguageRuntime) -> None:
    """End the programs, their children included, and this process."""
    on_signals(signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    if not runtime.all_ended(seconds=GRACE_SECONDS):
        os.killpg(0, signal.SIGKILL)
    os._exit(0)  # the engine waits for this process, and nothing is left that needs an orderly shutdown


if __name__ == "__main__":
    main()
