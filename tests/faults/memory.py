"""As much of DynamoDB as a copy needs, in memory: fast enough for hundreds of seeds.

Keys are the string attributes `pk` and `sk`. Like DynamoDB it refuses 26 items and two of one key in a batch, and a
start key of another segment.
"""

import json
import threading
import time
import zlib
from typing import Any

PAGE_ITEMS = 7


class MemoryDynamoDb:
    def __init__(self) -> None:
        self.tables: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
        self.lock = threading.Lock()
        self.seconds = 0.0

    def __call__(self, operation: str, body: bytes) -> tuple[int, bytes]:
        time.sleep(self.seconds)
        request = json.loads(body)
        with self.lock:
            match operation:
                case "Scan" if not starts_in_its_segment(request):
                    return 400, b'{"__type":"com.amazon.coral.validate#ValidationException","message":"bad start"}'
                case "Scan":
                    return 200, json.dumps(self.scan(request)).encode()
                case "BatchWriteItem":
                    return self.write(request["RequestItems"])
                case "BatchGetItem":
                    return 200, json.dumps(self.get(request["RequestItems"])).encode()
        return 400, b'{"__type":"UnknownOperationException"}'

    def scan(self, request: dict[str, Any]) -> dict[str, Any]:
        segments, segment = request.get("TotalSegments", 1), request.get("Segment", 0)
        items = self.tables.get(request["TableName"], {})
        keys = sorted(key for key in items if segment_of(key, segments) == segment)
        if start := request.get("ExclusiveStartKey"):
            keys = [key for key in keys if key > key_of(start)]
        page = keys[:PAGE_ITEMS]
        counts = {"Count": len(page), "ScannedCount": len(page), "ConsumedCapacity": {"CapacityUnits": 1.0}}
        reply: dict[str, Any] = {"Items": [items[key] for key in page], **counts}
        if len(keys) > len(page):
            reply["LastEvaluatedKey"] = {name: items[page[-1]][name] for name in ("pk", "sk")}
        return reply

    def write(self, requests: dict[str, Any]) -> tuple[int, bytes]:
        ((table, puts),) = requests.items()
        items = [put["PutRequest"]["Item"] for put in puts]
        if not 1 <= len(items) <= 25 or len({key_of(item) for item in items}) < len(items):
            return 400, b'{"__type":"com.amazon.coral.validate#ValidationException","message":"bad batch"}'
        self.tables.setdefault(table, {}).update({key_of(item): item for item in items})
        units = [{"TableName": table, "CapacityUnits": float(len(items))}]
        return 200, json.dumps({"UnprocessedItems": {}, "ConsumedCapacity": units}).encode()

    def get(self, requests: dict[str, Any]) -> dict[str, Any]:
        ((table, wanted),) = requests.items()
        items = self.tables.get(table, {})
        found = [items[key_of(key)] for key in wanted["Keys"] if key_of(key) in items]
        return {"Responses": {table: found}, "UnprocessedKeys": {}}


def segment_of(key: tuple[str, str], segments: int) -> int:
    return zlib.crc32(key[0].encode()) % segments


def starts_in_its_segment(request: dict[str, Any]) -> bool:
    """DynamoDB refuses a start key that it gave out for another segment."""
    start, segments = request.get("ExclusiveStartKey"), request.get("TotalSegments", 1)
    return start is None or segment_of(key_of(start), segments) == request.get("Segment", 0)


def key_of(item: dict[str, Any]) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]
