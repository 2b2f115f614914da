"""The background process: `python -m tee_infra.local.server DIRECTORY PORT`.

Load the snapshot, serve moto on PORT and the provider on PORT + 1, note both in DIRECTORY, save every now and then,
and on SIGTERM save once more and end.
"""

import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event, Thread

from tee_infra.local import pidfile
from tee_infra.local.credentials import Credentials, credentials_of
from tee_infra.local.pidfile import ACCOUNT_ID, LOOPBACK, REGION, EmbeddedAws
from tee_infra.local.ports import PORT_TAKEN
from tee_infra.local.user_key import user_key

os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT_ID  # moto reads it on import

import grpc
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from tee_infra.local import moto_patches, snapshot
from tee_infra.local.controls import Controls
from tee_infra.local.direct_dynamodb import DirectDynamoDb
from tee_infra.local.door import Door
from tee_infra.local.http_requests import RequestHandler
from tee_infra.local.late_writes import ClosingConnection, landing
from tee_infra.local.provider import clients
from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.service import serve as serve_provider
from tee_infra.local.request_lock import Gate

AUTOSAVE_SECONDS = 15.0
SAVING_SHARE = 0.05
SIGNAL_SECONDS = 0.25
POLL_SECONDS = 0.05
OBJECTS_BEFORE_A_COLLECTION = 100_000
"""Items form no cycles, and Python's own 700 would look through all of them again and again."""


def main(directory: Path, port: int) -> None:
    """Run until SIGTERM or SIGINT."""
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    key, credentials = user_key(), credentials_of(directory)
    endpoint = f"http://{LOOPBACK}:{port}"
    listener = _listen(port)
    provider = _serve_provider(endpoint, port + 1, credentials)
    moto_patches.apply()
    gc.set_threshold(OBJECTS_BEFORE_A_COLLECTION)
    saved_in = directory / "snapshot"
    notice = snapshot.load(saved_in, key)
    application = DirectDynamoDb(DomainDispatcherApplication(create_backend_app))
    gate = landing.gate = Gate(Controls(ClosingConnection(application)))
    door = Door(gate, port, credentials)
    moto = make_server(LOOPBACK, port, door, threaded=True, request_handler=RequestHandler, fd=listener.fileno())
    Thread(target=moto.serve_forever, kwargs={"poll_interval": POLL_SECONDS}, daemon=True).start()
    pidfile.write(
        EmbeddedAws(
            endpoint=endpoint,
            provider_port=port + 1,
            pid=os.getpid(),
            directory=directory,
            started_at=datetime.now(UTC),
            region=REGION,
            notice=notice,
            access_key=credentials.access_key,
            secret_key=credentials.secret_key,
        )
    )
    Thread(target=clients.preload, args=(Aws(endpoint, REGION, credentials),), daemon=True).start()
    save = partial(_save, gate, saved_in, key)
    _save_until(stopped, save, directory)
    provider.stop(grace=None).wait()
    moto.shutdown()
    gate.closed.acquire()  # for good: what an open connection wrote after this would be lost
    _save_changes(gate, saved_in, key)


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen()  # with SO_REUSEADDR two processes may bind the port, and only one of them may listen
    except OSError:
        sys.exit(PORT_TAKEN)
    return listener


def _serve_provider(endpoint: str, port: int, credentials: Credentials) -> grpc.Server:
    try:
        return serve_provider(endpoint, port, credentials)
    except RuntimeError:  # gRPC's error for a port in use
        sys.exit(PORT_TAKEN)


def _save_until(stopped: Event, save: Callable[[], None], directory: Path) -> None:
    """Save changes, at most every AUTOSAVE_SECONDS, and so that saving takes a small share of the time.

    Ends also when the directory was deleted: no command could find the process any more.
    """
    due = time.monotonic() + AUTOSAVE_SECONDS
    # Short waits: a signal that reaches another thread of this process first does not wake this one.
    while not stopped.wait(SIGNAL_SECONDS) and directory.is_dir():
        began = time.monotonic()
        if began < due:
            continue
        save()
        saved = time.monotonic()
        due = saved + max(AUTOSAVE_SECONDS, (saved - began) / SAVING_SHARE)


def _save(gate: Gate, path: Path, key: bytes) -> None:
    with gate.closed:
        _save_changes(gate, path, key)


def _save_changes(gate: Gate, path: Path, key: bytes) -> None:
    if not gate.changed:
        return
    try:
        snapshot.save(path, key)
    except OSError as error:  # with a full disk the process continues, and the last snapshot is kept
        print(f"not saved: {error}", file=sys.stderr)  # noqa: T201  # the log
    else:
        gate.changed = False


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
    sys.stderr.flush()
    os._exit(0)  # everything is saved, and Python would free the items one by one first
