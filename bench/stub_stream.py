"""The stub's stream: one open shard in which each item was changed once, and the strong reads that a tail makes."""

import json
from typing import Any

SHARD = "shardId-00000000000000000001-bench000"
PAGE_RECORDS = 1000
ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/{}/stream/2026-01-01T00:00:00.000"


class Stream:
    """`item` gives the JSON of an item by its number; its records have both images, as the catalog's do."""

    def __init__(self, items: int, item: Any) -> None:
        self.items, self._item = items, item

    def answer(self, operation: str, request: dict[str, Any]) -> bytes:
        match operation:
            case "DescribeStream":
                return self.describe(request["StreamArn"])
            case "GetShardIterator":
                return self.iterator(request)
            case "GetRecords":
                return self.records(request["ShardIterator"])
            case "BatchGetItem":
                return self.get(request)
            case _:
                return self.get_one(request)

    def describe(self, arn: str) -> bytes:
        shard = {"ShardId": SHARD, "SequenceNumberRange": {"StartingSequenceNumber": "1"}}
        stream = {"StreamArn": arn, "StreamLabel": "x", "StreamStatus": "ENABLED", "Shards": [shard]}
        return json.dumps({"StreamDescription": stream}).encode()

    def iterator(self, request: dict[str, Any]) -> bytes:
        return b'{"ShardIterator":"%d"}' % int(request.get("SequenceNumber", 0))

    def records(self, iterator: str) -> bytes:
        start = int(iterator)
        end = min(start + PAGE_RECORDS, self.items)
        records = b",".join(self._record(number) for number in range(start, end))
        return b'{"Records":[%s],"NextShardIterator":"%d"}' % (records, end)

    def _record(self, number: int) -> bytes:
        item = self._item(number)
        return (
            b'{"eventID":"0","eventName":"MODIFY","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":'
            b'"us-east-1","dynamodb":{"ApproximateCreationDateTime":1764230400,"Keys":%s,"NewImage":%s,"OldImage":%s,'
            b'"SequenceNumber":"%d","SizeBytes":804,"StreamViewType":"NEW_AND_OLD_IMAGES"}}'
        ) % (_key(number), item, item, number + 1)

    def get(self, request: dict[str, Any]) -> bytes:
        (table, asked), *_ = request["RequestItems"].items()
        numbers = [int(key["pk"]["S"].partition("#")[2]) for key in asked["Keys"]]
        items = b",".join(self._item(number) for number in numbers)
        return b'{"Responses":{"%s":[%s]},"UnprocessedKeys":{},"ConsumedCapacity":[{"TableName":"%s",' % (
            table.encode(),
            items,
            table.encode(),
        ) + b'"CapacityUnits":%d.0}]}' % len(numbers)

    def get_one(self, request: dict[str, Any]) -> bytes:
        return b'{"Item":%s}' % self._item(int(request["Key"]["pk"]["S"].partition("#")[2]))


def _key(number: int) -> bytes:
    return b'{"pk":{"S":"MEMBER#%08d"},"sk":{"S":"PROFILE"}}' % number
