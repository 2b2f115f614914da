"""A near-null DynamoDB: answers from memory with precomputed bytes, so that the client's own cost shows.

Any table exists and holds `--items` items in whatever number of segments is asked for, `bench-anonymized` holds what
the anonymizer makes of them. Writes are acknowledged and forgotten, up to `--limit` units a second; what is over comes
back unprocessed. `Stub.Stats` returns the counts. `--tls` is the server's certificate and key: without it, plain HTTP.
"""

import argparse
import asyncio
import json
import ssl
import time
import zlib
from typing import Any

from bench.anonymize import three_attributes
from bench.stub_stream import ARN, Stream
from tee_infra.core.codec.transform import Transform

PAGE_ITEMS = 2500


def make_item(number: int) -> dict[str, Any]:
    member = f"{number:08d}"
    return {
        "pk": {"S": f"MEMBER#{member}"},
        "sk": {"S": "PROFILE"},
        "memberId": {"S": member},
        "name": {"S": f"Given{number % 977} Family{number % 7919}"},
        "email": {"S": f"given{number}.family@example.test"},
        "phone": {"S": f"+49 30 {number:09d}"},
        "role": {"S": "member"},
        "joinedOn": {"S": "2024-05-17T00"},
        "createdAt": {"S": "2024-05-17T10:11:12.000Z"},
        "updatedAt": {"S": "2026-01-02T03:04:05.000Z"},
        "level": {"N": str(number % 1000)},
        "balance": {"N": "-12345.67"},
        "active": {"BOOL": True},
    }


def item_json(number: int) -> bytes:
    return json.dumps(make_item(number), separators=(",", ":")).encode()


class Table:
    def __init__(self, items: int, transform: Transform = list) -> None:
        self.items = items
        encoded = [bytes(item) for item in transform([item_json(number) for number in range(min(items, PAGE_ITEMS))])]
        self.pages = {PAGE_ITEMS: b",".join(encoded)}
        self.encoded = encoded

    def scan(self, request: dict[str, Any]) -> bytes:
        segments, segment = request.get("TotalSegments", 1), request.get("Segment", 0)
        total = self.items // segments + (segment < self.items % segments)
        start = int(request["ExclusiveStartKey"]["sk"]["S"]) if "ExclusiveStartKey" in request else 0
        count = min(PAGE_ITEMS, total - start)
        if count not in self.pages:
            self.pages[count] = b",".join(self.encoded[:count])
        last = ""
        if start + count < total:
            last = f',"LastEvaluatedKey":{{"pk":{{"S":"{segment}"}},"sk":{{"S":"{start + count}"}}}}'
        tail = f'],"Count":{count},"ScannedCount":{count}{last},"ConsumedCapacity":{{"CapacityUnits":128.0}}}}'
        return b'{"Items":[' + self.pages[count] + tail.encode()


class Throttle:
    def __init__(self, limit: float, burst: float) -> None:
        self.limit, self.burst, self.tokens, self.at = limit, burst, burst, time.monotonic()

    def allow(self, count: int) -> int:
        if not self.limit:
            return count
        now = time.monotonic()
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.limit)
        self.at = now
        allowed = int(min(count, self.tokens))
        self.tokens -= allowed
        return allowed


class Stub:
    def __init__(self, items: int, throttle: Throttle, latency: float) -> None:
        self.table, self.anonymized = Table(items), Table(items, three_attributes())
        self.stream = Stream(items, item_json)
        self.throttle, self.latency = throttle, latency
        self.counts = {"requests": 0, "writes": 0, "items": 0, "refused": 0}

    def answer(self, operation: str, body: bytes) -> tuple[int, bytes]:  # noqa: PLR0911  # one for each operation
        self.counts["requests"] += 1
        match operation:
            case "BatchWriteItem":
                return self.write(body)
            case "Scan":
                request = json.loads(body)
                anonymized = request["TableName"] == "bench-anonymized"
                return 200, (self.anonymized if anonymized else self.table).scan(request)
            case "DescribeTable":
                return 200, self.describe(json.loads(body)["TableName"])
            case "DescribeStream" | "GetShardIterator" | "GetRecords" | "BatchGetItem" | "GetItem":
                return 200, self.stream.answer(operation, json.loads(body))
            case "PutItem":
                self.counts["items"] += 1
                return 200, b"{}"
            case "Stats":
                return 200, json.dumps(self.counts).encode()
            case _:
                return 400, b'{"__type":"ValidationException","message":"not in the stub"}'

    def write(self, body: bytes) -> tuple[int, bytes]:
        count = body.count(b'"PutRequest"')
        allowed = self.throttle.allow(count)
        self.counts["writes"] += 1
        self.counts["items"] += allowed
        self.counts["refused"] += count - allowed
        if count and not allowed:
            return 400, b'{"__type":"com.amazonaws#ProvisionedThroughputExceededException","message":"slow down"}'
        unprocessed: dict[str, Any] = {}
        if allowed < count:
            unprocessed = {name: puts[allowed:] for name, puts in json.loads(body)["RequestItems"].items()}
        capacity = [{"TableName": "t", "CapacityUnits": float(allowed)}]
        return 200, json.dumps({"UnprocessedItems": unprocessed, "ConsumedCapacity": capacity}).encode()

    def describe(self, name: str) -> bytes:
        keys = (("pk", "HASH"), ("sk", "RANGE"))
        table = {
            "TableName": name,
            "TableStatus": "ACTIVE",
            "LatestStreamArn": ARN.format(name),
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            "TableArn": f"arn:aws:dynamodb:us-east-1:000000000000:table/{name}",
            "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in keys],
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
            "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
            "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
            "ItemCount": self.table.items,
            "TableSizeBytes": self.table.items * len(self.table.encoded[0]),
        }
        return json.dumps({"Table": table}).encode()


class Wire(asyncio.Protocol):
    def __init__(self, stub: Stub) -> None:
        self.stub, self.buffer = stub, bytearray()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.buffer[:end]).lower()
            length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            if len(self.buffer) < end + 4 + length:
                return
            target = head.index(b"x-amz-target:")
            operation = bytes(self.buffer[target:end]).split(b"\r\n", 1)[0].rpartition(b".")[2].decode()
            body = bytes(self.buffer[end + 4 : end + 4 + length])
            del self.buffer[: end + 4 + length]
            if self.stub.latency:
                asyncio.get_running_loop().call_later(self.stub.latency, self.reply, operation, body)
            else:
                self.reply(operation, body)

    def reply(self, operation: str, body: bytes) -> None:
        status, answer = self.stub.answer(operation, body)
        head = (
            f"HTTP/1.1 {status} OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(answer)}\r\n"
            f"x-amz-crc32: {zlib.crc32(answer)}\r\nx-amzn-RequestId: 0\r\n\r\n"
        )
        self.transport.write(head.encode() + answer)


async def serve(stub: Stub, certificate: str | None) -> None:
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    server = await asyncio.get_running_loop().create_server(lambda: Wire(stub), "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--limit", type=float, default=0.0, help="write units a second; 0: none")
    parser.add_argument("--burst", type=float, default=None, help="units that an idle table saves up; a second's worth")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--tls", metavar="FILE", help="certificate and key of the server")
    arguments = parser.parse_args()
    burst = arguments.limit if arguments.burst is None else arguments.burst
    asyncio.run(serve(Stub(arguments.items, Throttle(arguments.limit, burst), arguments.latency), arguments.tls))


if __name__ == "__main__":
    main()
