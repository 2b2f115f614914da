"""Ctrl-C ends a run within five seconds, whatever the server does meanwhile."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@contextmanager
def silent() -> Iterator[int]:
    """It takes requests, and answers none."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def a_byte_a_second() -> Iterator[int]:
    """It never stops answering."""
    ended = threading.Event()

    def drip(accepted: socket.socket) -> None:
        with accepted, suppress(OSError):
            accepted.recv(65536)
            accepted.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n")
            while not ended.wait(1):
                accepted.sendall(b" ")

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=drip, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        ended.set()
        server.shutdown(socket.SHUT_RDWR)


@contextmanager
def no_connection() -> Iterator[int]:
    """Its queue is full, so that connecting hangs."""
    with ExitStack() as opened:
        server = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            one = opened.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(server.getsockname())
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("server", "how"),
    [
        (silent, "raw"),
        (a_byte_a_second, "raw"),
        (no_connection, "raw"),
        (a_byte_a_second, "botocore"),
        (no_connection, "describe"),
    ],
)
def test_ctrl_c_ends_within_five_seconds(server: object, how: str, tmp_path: Path) -> None:
    assert callable(server)
    with server() as port:
        command = [
            sys.executable,
            "-m",
            "tests.faults.patient_client",
            f"http://127.0.0.1:{port}",
            str(tmp_path / "c"),
            how,
        ]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert process.stdout is not None
        assert process.stdout.readline() == "begin\n"
        time.sleep(0.4)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        try:
            output, _ = process.communicate(timeout=20)
        finally:
            process.kill()
        assert time.monotonic() - began < 5
    assert process.returncode == (130 if how == "describe" else 5), output
    if how != "describe":
        assert "the copy stopped: interrupted" in output
