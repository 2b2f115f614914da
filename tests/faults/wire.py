"""What can go wrong on the wire, as a table: each fault is what becomes of one answer of DynamoDB.

`python -m bench.wire_faults` runs all of it; `test_wire_faults` runs what is quick.
"""

import gzip
import json
import random
import socketserver
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tests.faults.memory import MemoryDynamoDb
from tests.faults.proxy import Handler, Request

Write: TypeAlias = Callable[[bytes], object]
Body: TypeAlias = dict[str, Any]
Fault: TypeAlias = Callable[["Wire", Request, bytes, Write], bool]
"""Answers a request, whose true answer is the body, and says whether the connection stays open."""

OK = 200
WAIT = 4.0
"""Longer than any client of the tests waits for a whole answer."""


@dataclass
class Wire:
    """A DynamoDB in memory behind a wire with one fault, met with a chance of `rate` by the requests in `on`."""

    memory: MemoryDynamoDb
    fault: Fault
    rate: float
    random: random.Random
    on: Callable[[Request], bool] = lambda _: True
    met: int = 0
    before: dict[str, bytes] = field(default_factory=dict[str, bytes])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, request: Request, write: Write) -> bool:
        with self.lock:
            broken = self.on(request) and self.random.random() < self.rate
            self.met += broken
        status, body = self.memory(request.operation, request.body)
        if broken and status == OK:
            return self.fault(self, request, body, write)
        write(http(body, f"{status} X"))
        return True

    def earlier(self, operation: str, body: bytes) -> bytes:
        """The answer before this one, to whichever request of the kind."""
        with self.lock:
            found, self.before[operation] = self.before.get(operation, body), body
        return found


def http(body: bytes, status: str = "200 OK", crc: str | None = None, length: str | None = None) -> bytes:
    crc = str(zlib.crc32(body)) if crc is None else crc
    sent = str(len(body)) if length is None else length
    return f"HTTP/1.1 {status}\r\ncontent-length: {sent}\r\nx-amz-crc32: {crc}\r\n\r\n".encode() + body


def replying(change: Callable[[bytes], bytes]) -> Fault:
    """Whole HTTP, with a length that agrees."""

    def fault(_wire: Wire, _request: Request, body: bytes, write: Write) -> bool:
        write(change(body))
        return True

    return fault


def closing(change: Callable[[bytes], bytes]) -> Fault:
    def fault(_wire: Wire, _request: Request, body: bytes, write: Write) -> bool:
        write(change(body))
        return False

    return fault


def hanging(change: Callable[[bytes], bytes]) -> Fault:
    def fault(_wire: Wire, _request: Request, body: bytes, write: Write) -> bool:
        write(change(body))
        time.sleep(WAIT)
        return False

    return fault


def lying(change: Callable[[Body], Any]) -> Fault:
    """Valid JSON with a checksum that agrees."""
    return replying(lambda body: http(json.dumps(change(json.loads(body))).encode()))


def refusing(status: str, code: str) -> Fault:
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no"}).encode()
    return replying(lambda _: http(body, status))


def without(name: str) -> Callable[[Body], Body]:
    return lambda reply: {key: value for key, value in reply.items() if key != name}


def with_(name: str, value: Any) -> Callable[[Body], Body]:
    return lambda reply: {**reply, name: value(reply) if callable(value) else value}


def items(change: Callable[[list[Any]], list[Any]]) -> Callable[[Body], Body]:
    """Other items, counted rightly."""

    def other(reply: Body) -> Body:
        found = change(reply["Items"])
        return {**reply, "Items": found, "Count": len(found), "ScannedCount": len(found)}

    return other


def drip(_wire: Wire, _request: Request, body: bytes, write: Write) -> bool:
    ends = time.monotonic() + WAIT
    for byte in http(body):
        if time.monotonic() > ends:
            return False
        write(bytes([byte]))
        time.sleep(0.1)
    return True


def headers_for_ever(_wire: Wire, _request: Request, _body: bytes, write: Write) -> bool:
    write(b"HTTP/1.1 200 OK\r\n")
    for number in range(int(WAIT / 0.1)):
        write(b"x-%d: y\r\n" % number)
        time.sleep(0.1)
    return False


def answer_twice(_wire: Wire, _request: Request, body: bytes, write: Write) -> bool:
    write(http(body) * 2)
    return True


def answer_before(wire: Wire, request: Request, body: bytes, write: Write) -> bool:
    write(http(wire.earlier(request.operation, body)))
    return True


def flip_a_bit(wire: Wire, _request: Request, body: bytes, write: Write) -> bool:
    with wire.lock:
        at, bit = wire.random.randrange(len(body)), 1 << wire.random.randrange(8)
    write(http(body[:at] + bytes([body[at] ^ bit]) + body[at + 1 :], crc=str(zlib.crc32(body))))
    return True


def cut_somewhere(wire: Wire, _request: Request, body: bytes, write: Write) -> bool:
    whole = http(body)
    with wire.lock:
        at = wire.random.randrange(len(whole))
    write(whole[:at])
    return False


def chunked(chunks: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunks


KEY = {"pk": {"S": "x"}, "sk": {"S": "y"}}
PUT = {"PutRequest": {"Item": KEY}}

SCANS: dict[str, Fault] = {
    "scan: {}": lying(lambda _: {}),
    "scan: null": lying(lambda _: None),
    "scan: a list": lying(lambda reply: [reply]),
    "scan: no Items": lying(without("Items")),
    "scan: Items null": lying(with_("Items", None)),
    "scan: Items an object": lying(with_("Items", {})),
    "scan: Items of text": lying(items(lambda found: ["x"] * len(found) or ["x"])),
    "scan: Items of null": lying(items(lambda found: [None] * len(found) or [None])),
    "scan: an item null": lying(items(lambda found: [*found, None])),
    "scan: an item without key": lying(items(lambda found: [{"n": {"N": "1"}}, *found])),
    "scan: an item twice": lying(items(lambda found: found[:1] + found)),
    "scan: no Count": lying(without("Count")),
    "scan: Count too high": lying(with_("Count", lambda reply: reply["Count"] + 1)),
    "scan: Count negative": lying(with_("Count", -1)),
    "scan: Count as text": lying(with_("Count", lambda reply: str(reply["Count"]))),
    "scan: ScannedCount too low": lying(with_("ScannedCount", -1)),
    "scan: ScannedCount too high": lying(with_("ScannedCount", lambda reply: reply["Count"] + 5)),
    "scan: fewer items than Count": lying(lambda reply: {**reply, "Items": reply["Items"][1:], "Count": 7}),
    "scan: last key null": lying(with_("LastEvaluatedKey", None)),
    "scan: last key {}": lying(with_("LastEvaluatedKey", {})),
    "scan: last key []": lying(with_("LastEvaluatedKey", [])),
    "scan: last key text": lying(with_("LastEvaluatedKey", "x")),
    "scan: last key a part": lying(with_("LastEvaluatedKey", {"pk": {"S": "x"}})),
    "scan: last key too much": lying(with_("LastEvaluatedKey", {**KEY, "z": {"S": "z"}})),
    "scan: last key of another type": lying(with_("LastEvaluatedKey", {**KEY, "sk": {"N": "1"}})),
    "scan: last key always the same": lying(with_("LastEvaluatedKey", {"pk": {"S": "a"}, "sk": {"S": "a"}})),
    "scan: another table's page": lying(
        lambda _: {"Items": [{"id": {"S": "a"}}], "Count": 1, "ScannedCount": 1, "LastEvaluatedKey": {"id": {"S": "a"}}}
    ),
    "scan: the page of another request": answer_before,
    "scan: negative units": lying(with_("ConsumedCapacity", {"CapacityUnits": -1e9})),
}
WRITES: dict[str, Fault] = {
    "write: {}": lying(lambda _: {}),
    "write: UnprocessedItems null": lying(with_("UnprocessedItems", None)),
    "write: UnprocessedItems a list": lying(with_("UnprocessedItems", [])),
    "write: another table unprocessed": lying(with_("UnprocessedItems", {"other": [PUT]})),
    "write: an item unprocessed that was not sent": lying(with_("UnprocessedItems", {"target": [PUT]})),
    "write: a delete unprocessed": lying(with_("UnprocessedItems", {"target": [{"DeleteRequest": {"Key": KEY}}]})),
    "write: the answer to a scan": lying(lambda _: {"Items": [], "Count": 0, "ScannedCount": 0}),
}
REQUESTS: dict[str, Fault] = {
    "html with 200": replying(lambda _: http(b"<html>Sign in</html>")),
    "html with 200, without checksum": replying(lambda _: b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n<ht>"),
    "html with 503": replying(lambda _: http(b"<html>busy</html>", "503 Busy")),
    "empty with 200": replying(lambda _: http(b"")),
    "204": replying(lambda _: http(b"", "204 No Content")),
    "206": replying(lambda body: http(body, "206 Partial Content")),
    "a redirect": replying(lambda _: http(b"", "301 Moved\r\nlocation: http://127.0.0.1:9/")),
    "100 and silence": hanging(lambda _: b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a part of the JSON": replying(lambda body: http(body[: len(body) // 2])),
    "a part of the JSON, without checksum": replying(
        lambda body: b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body) // 2, body[: len(body) // 2])
    ),
    "JSON and more": replying(lambda body: http(body + b"{}")),
    "a byte order mark": replying(lambda body: http(b"\xef\xbb\xbf" + body)),
    "bytes that are no UTF-8": replying(lambda body: http(body.replace(b'"s', b'"\xff', 1))),
    "deep JSON": replying(lambda _: http(b"[" * 200_000)),
    "NaN": replying(lambda body: http(body[:-1] + b',"Count":NaN}')),
    "gzip": replying(lambda body: http(gzip.compress(body), "200 OK\r\ncontent-encoding: gzip")),
    "a wrong checksum": replying(lambda body: http(body, crc="1")),
    "a checksum that is no number": replying(lambda body: http(body, crc="x")),
    "a flipped bit": flip_a_bit,
    "a length too small": replying(lambda body: http(body, length=str(len(body) // 2))),
    "a length too large, then the end": closing(lambda body: http(body, length=str(len(body) + 9))),
    "a length too large, then silence": hanging(lambda body: http(body, length=str(len(body) + 9))),
    "a length of terabytes": closing(lambda body: http(body, length="9" * 13)),
    "a negative length": closing(lambda body: http(body, length="-5")),
    "a length that is no number": closing(lambda body: http(body, length="many")),
    "no length": closing(lambda body: b"HTTP/1.1 200 OK\r\n\r\n" + body),
    "chunks": replying(lambda body: chunked(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))),
    "a chunk too short": closing(lambda body: chunked(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body) + 50, body))),
    "a negative chunk": closing(lambda body: chunked(b"-5\r\n%b\r\n0\r\n\r\n" % body)),
    "a chunk without number": closing(lambda body: chunked(b"zz\r\n%b\r\n0\r\n\r\n" % body)),
    "an answer cut anywhere": cut_somewhere,
    "no answer, the end": closing(lambda _: b""),
    "silence": hanging(lambda _: b""),
    "a head and silence": hanging(lambda body: http(body)[:30]),
    "a byte now and then": drip,
    "headers for ever": headers_for_ever,
    "no HTTP": closing(lambda _: b"220 smtp ready\r\n\r\n"),
    "a status that is no number": closing(lambda body: http(body, "OK OK")),
    "the answer twice": answer_twice,
    "500": refusing("500 X", "InternalServerError"),
    "501": refusing("501 X", "NotImplemented"),
    "502 and nothing": replying(lambda _: http(b"", "502 X")),
    "429 and nothing": replying(lambda _: http(b"", "429 X")),
    "413": replying(lambda _: http(b"too large", "413 X")),
    "throttled": refusing("400 X", "ProvisionedThroughputExceededException"),
    "expired credentials": refusing("400 X", "ExpiredTokenException"),
    "unknown credentials": refusing("400 X", "UnrecognizedClientException"),
    "a wrong signature": refusing("400 X", "InvalidSignatureException"),
    "no access": refusing("400 X", "AccessDeniedException"),
    "no such table": refusing("400 X", "ResourceNotFoundException"),
    "an error of unknown name": refusing("400 X", "\u202eNobodyKnowsException"),
    "an error that is a list": replying(lambda _: http(b'["error"]', "400 X")),
}


def scans(table: str) -> Callable[[Request], bool]:
    return lambda request: request.operation == "Scan" and json.loads(request.body)["TableName"] == table


def writes(request: Request) -> bool:
    return request.operation == "BatchWriteItem"


PLACES: dict[str, tuple[dict[str, Fault], Callable[[Request], bool]]] = {
    "source": (SCANS | REQUESTS, scans("source")),
    "target": (SCANS | REQUESTS, scans("target")),
    "write": (WRITES | REQUESTS, writes),
}
SLOW = {"100 and silence", "a length too large, then silence", "silence", "a head and silence", "a byte now and then",
        "headers for ever", "500", "502 and nothing", "429 and nothing", "throttled", "html with 503",
        "no answer, the end", "no length", "an answer cut anywhere", "no HTTP", "a flipped bit",
        "a length of terabytes", "a status that is no number", "a length that is no number"}  # fmt: skip
"""They last as long as the client is patient, since they may pass."""


class _WireHandler(Handler):
    def handle(self) -> None:
        wire: Wire = self.server.wire
        with suppress(OSError):
            while (request := self.read()) is not None:
                if not wire.serve(request, self.wfile.write):
                    return


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128


@contextmanager
def serve(wire: Wire) -> Iterator[str]:
    """The wire's URL."""
    server = _Server(("127.0.0.1", 0), _WireHandler)
    server.wire = wire
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
