"""A loopback proxy that does to requests what networks and DynamoDB do, by a seed, and forwards the rest.

What it forwards to answers `(operation, body)` with a status and a body: an emulator by `over_http`, or one in memory.

Each request meets a fault with probability `rate`, drawn from the seed. The writes of a partial answer, of a reset
after forwarding and of a late landing do happen: the client cannot tell them from those that did not.
"""

import json
import random
import socketserver
import ssl
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import urlsplit

LATE_SECONDS = 0.02


class Request(NamedTuple):
    headers: dict[str, str]
    body: bytes

    @property
    def operation(self) -> str:
        return self.headers["x-amz-target"].rpartition(".")[2]


class Answer(NamedTuple):
    status: int
    body: bytes
    crc32: int

    def wire(self) -> bytes:
        head = f"HTTP/1.1 {self.status} X\r\ncontent-length: {len(self.body)}\r\nx-amz-crc32: {self.crc32}\r\n\r\n"
        return head.encode() + self.body


def answer(status: int, body: bytes) -> Answer:
    return Answer(status, body, zlib.crc32(body))


def error(status: int, code: str) -> Answer:
    return answer(status, json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code}).encode())


class Proxy:
    """`silence` is how long a request goes unanswered that is meant to time out: longer than the client waits."""

    def __init__(self, upstream: "Upstream", seed: int, rate: float, silence: float, only: str | None) -> None:
        self.upstream = upstream
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.rate, self.silence = rate, silence
        self.faults = FAULTS if only is None else {only: FAULTS[only]}
        self.met: dict[str, int] = {}
        self.cut: Counter[bytes] = Counter()
        self.late: list[threading.Thread] = []

    def draw(self, request: Request) -> str | None:
        with self.lock:
            if self.random.random() >= self.rate:
                return None
            fault = self.random.choice(sorted(self.faults))
            if "unprocessed" in fault and request.operation != "BatchWriteItem":
                return None
            if fault == "truncate consistently":  # the third time is final, and rightly so
                if self.cut[request.body] == 2:
                    return None
                self.cut[request.body] += 1
            self.met[fault] = self.met.get(fault, 0) + 1
            return fault

    def forward(self, request: Request, body: bytes | None = None) -> Answer:
        return answer(*self.upstream(request.operation, request.body if body is None else body))

    def land_late(self, request: Request) -> None:
        def land() -> None:
            time.sleep(self.silence + LATE_SECONDS)
            self.forward(request)

        thread = threading.Thread(target=land)
        thread.start()
        self.late.append(thread)


class Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True  # a reply would wait until the client has acknowledged its session tickets

    def handle(self) -> None:
        proxy: Proxy = self.server.proxy
        with suppress(OSError):
            while (request := self.read()) is not None:
                fault = proxy.draw(request)
                send = FAULTS[fault] if fault else plainly
                if not send(proxy, request, self.wfile.write):
                    return

    def read(self) -> Request | None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return None
            head += line
        lines = head.decode().split("\r\n")[1:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return Request(headers, self.rfile.read(int(headers["content-length"])))


def over_http(endpoint: str, headers: dict[str, str]) -> "Upstream":
    """An emulator at a URL. `headers` are sent along: emulators read the region from the signature."""
    address = urlsplit(endpoint)

    def forward(operation: str, body: bytes) -> tuple[int, bytes]:
        connection = HTTPConnection(address.hostname or "", address.port, timeout=30)
        try:
            target = {"x-amz-target": f"DynamoDB_20120810.{operation}", "content-type": "application/x-amz-json-1.0"}
            connection.request("POST", "/", body, headers | target)
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    return forward


Upstream = Callable[[str, bytes], tuple[int, bytes]]
Write = Callable[[bytes], object]


# Each answers in its way and says whether the connection stays open.


def plainly(proxy: Proxy, request: Request, write: Write) -> bool:
    write(proxy.forward(request).wire())
    return True


def throttle(proxy: Proxy, request: Request, write: Write) -> bool:
    write(error(400, "ProvisionedThroughputExceededException").wire())
    return True


def server_error(proxy: Proxy, request: Request, write: Write) -> bool:
    write(error(500, "InternalServerError").wire())
    return True


def server_error_after(proxy: Proxy, request: Request, write: Write) -> bool:
    proxy.forward(request)
    return server_error(proxy, request, write)


def unavailable_html(proxy: Proxy, request: Request, write: Write) -> bool:
    write(answer(503, b"<html>no JSON here</html>").wire())
    return True


def partly_unprocessed(proxy: Proxy, request: Request, write: Write) -> bool:
    ((table, puts),) = json.loads(request.body)["RequestItems"].items()
    with proxy.lock:
        done = [put for put in puts if proxy.random.random() < 0.5]
    rest = [put for put in puts if put not in done]
    reply = {"ConsumedCapacity": [{"TableName": table, "CapacityUnits": float(len(done))}]}
    if done:
        proxy.forward(request, json.dumps({"RequestItems": {table: done}}).encode())
    write(answer(200, json.dumps(reply | {"UnprocessedItems": {table: rest} if rest else {}}).encode()).wire())
    return True


def all_unprocessed(proxy: Proxy, request: Request, write: Write) -> bool:
    write(answer(200, json.dumps({"UnprocessedItems": json.loads(request.body)["RequestItems"]}).encode()).wire())
    return True


def reset(proxy: Proxy, request: Request, write: Write) -> bool:
    return False


def reset_after(proxy: Proxy, request: Request, write: Write) -> bool:
    proxy.forward(request)
    return False


def truncate(proxy: Proxy, request: Request, write: Write) -> bool:
    whole = proxy.forward(request).wire()
    with proxy.lock:
        write(whole[: proxy.random.randrange(len(whole))])
    return False


def truncate_consistently(proxy: Proxy, request: Request, write: Write) -> bool:
    """A body cut short with a length that agrees: only the checksum tells."""
    reply = proxy.forward(request)
    write(Answer(reply.status, reply.body[: len(reply.body) // 2], reply.crc32).wire())
    return True


def corrupt(proxy: Proxy, request: Request, write: Write) -> bool:
    reply = proxy.forward(request)
    with proxy.lock:
        at = proxy.random.randrange(len(reply.body) or 1)
    body = reply.body[:at] + bytes([reply.body[at] ^ 1]) + reply.body[at + 1 :]
    write(Answer(reply.status, body, reply.crc32).wire())
    return True


def drip(proxy: Proxy, request: Request, write: Write) -> bool:
    whole = proxy.forward(request).wire()
    for part in (whole[: len(whole) // 3], whole[len(whole) // 3 : -1], whole[-1:]):
        write(part)
        time.sleep(0.003)
    return True


def land_late(proxy: Proxy, request: Request, write: Write) -> bool:
    proxy.land_late(request)
    time.sleep(proxy.silence)
    return False


FAULTS = {
    "all unprocessed": all_unprocessed,
    "corrupt": corrupt,
    "drip": drip,
    "land late": land_late,
    "partly unprocessed": partly_unprocessed,
    "reset": reset,
    "reset after": reset_after,
    "server error": server_error,
    "server error after": server_error_after,
    "throttle": throttle,
    "truncate": truncate,
    "truncate consistently": truncate_consistently,
    "unavailable html": unavailable_html,
}


class _Server(socketserver.ThreadingTCPServer):
    context: ssl.SSLContext | None = None
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shakes hands in the connection's own thread; a client that gave up is no error."""
        with suppress(OSError):
            if self.context is not None:
                request = self.context.wrap_socket(request, server_side=True)
            super().finish_request(request, client_address)
            request.close()


@contextmanager
def serve_faults(
    upstream: Upstream,
    seed: int,
    *,
    rate: float = 0.2,
    silence: float = 0.06,
    only: str | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[tuple[str, Proxy]]:
    """A proxy's URL and state; over TLS with a context. On leaving, every late write has landed."""
    proxy = Proxy(upstream, seed, rate, silence, only)
    server = _Server(("127.0.0.1", 0), Handler)
    server.proxy, server.context = proxy, tls
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}", proxy
    finally:
        server.shutdown()
        server.server_close()
        for late in proxy.late:
            late.join()
