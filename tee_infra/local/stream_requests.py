"""The requests of DynamoDB Streams on shards that split and are trimmed: moto's handlers know one shard and no error.

An iterator says where it stands, so none is kept. A page is printed as it is: moto takes botocore's shapes to print it,
in a millisecond for each record. Sources: the reference of `DescribeStream`, `GetShardIterator` and
`GetRecords` (closed shards, the 15 minutes of an iterator, trimmed data), and botocore's model of them.
"""

import base64
import binascii
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import ResourceNotFoundException

from tee_infra.local import item_json, stream_shards
from tee_infra.local.clock import clock

ITERATOR_SECONDS: Final = 15 * 60.0
_PREFIX: Final = "com.amazonaws.dynamodb.v20120810#"
_SHARDS_OF_A_PAGE: Final = 100
_RECORDS_OF_A_PAGE: Final = 1000


class _Stream:
    """A table's stream, on or ended, by its ARN. Raises `ResourceNotFoundException`."""

    def __init__(self, handler: Any, arn: str) -> None:
        name, _, label = arn.partition(":table/")[2].partition("/stream/")
        try:
            self.table = handler.backend.dynamodb.get_table(name)
        except ResourceNotFoundException:
            raise _unknown(f"Stream: {arn} not found") from None
        ended = self.table.__dict__.get("ended_stream", (None, None, None))
        self.arn, self.label, self.is_on = arn, label, self.table.stream_shard is not None
        if self.is_on and label == self.table.latest_stream_label:
            self.first, self.view = self.table.stream_shard, self.table.stream_specification["StreamViewType"]
        elif label and label == ended[0]:
            (_, self.first, self.view), self.is_on = ended, False
        else:
            raise _unknown(f"Stream: {arn} not found")
        stream_shards.trim_expired(self.first)

    def shard(self, name: str) -> Any:
        for shard in stream_shards.of_stream(self.first):
            if shard.id == name:
                return shard
        raise _unknown(f"Shard: {name} in stream: {self.arn} not found")

    def iterator(self, shard: Any, position: int) -> str:
        place = json.dumps([shard.id, position, clock.now()]).encode()
        return f"{self.arn}|1|{base64.b64encode(place).decode()}"


def apply(handler: Any) -> None:
    """Change moto's class."""
    handler.describe_stream, handler.get_shard_iterator = _describe_stream, _get_shard_iterator
    handler.get_records, handler.serialized = _get_records, _printing(handler.serialized)


def _describe_stream(handler: Any) -> ActionResult:
    stream = _Stream(handler, handler._get_param("StreamArn"))
    shards = stream_shards.of_stream(stream.first)
    wanted = handler._get_param("ShardFilter")
    if wanted:
        shards = [shard for shard in shards if shard.parent == wanted["ShardId"]]
    after = handler._get_param("ExclusiveStartShardId")
    if after:
        places = [place for place, shard in enumerate(shards) if shard.id == after]
        shards = shards[places[0] + 1 :] if places else []
    page = shards[: min(handler._get_param("Limit") or _SHARDS_OF_A_PAGE, _SHARDS_OF_A_PAGE)]
    description: dict[str, Any] = {
        "StreamArn": stream.arn,
        "StreamLabel": stream.label,
        "StreamStatus": "ENABLED" if stream.is_on else "DISABLED",
        "StreamViewType": stream.view,
        "CreationRequestDateTime": stream.first.created_on,
        "TableName": stream.table.name,
        "KeySchema": stream.table.schema,
        "Shards": [stream_shards.describe(shard) for shard in page],
    }
    if len(page) < len(shards):
        description["LastEvaluatedShardId"] = page[-1].id
    return ActionResult({"StreamDescription": description})


def _get_shard_iterator(handler: Any) -> ActionResult:
    stream = _Stream(handler, handler._get_param("StreamArn"))
    shard, kind = stream.shard(handler._get_param("ShardId")), handler._get_param("ShardIteratorType")
    if kind == "TRIM_HORIZON":
        position = max(shard.trimmed + 1, shard.starting_sequence_number)
    elif kind == "LATEST":
        position = stream.first.next_number
    elif kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        position = _numbered(shard, handler._get_param("SequenceNumber")) + (kind == "AFTER_SEQUENCE_NUMBER")
    else:
        raise _refused("ValidationException", f"the embedded AWS has no iterators of type {kind}")
    return ActionResult({"ShardIterator": stream.iterator(shard, position)})


def _numbered(shard: Any, given: Any) -> int:
    if not str(given or "").isdecimal() or int(given) < shard.starting_sequence_number:
        raise _refused("ValidationException", f"Invalid SequenceNumber: {given} is not of shard {shard.id}")
    if int(given) <= shard.trimmed:
        raise _trimmed(shard)
    return int(given)


def _get_records(handler: Any) -> ActionResult:
    arn, _, place = str(handler._get_param("ShardIterator")).partition("|1|")
    try:
        name, position, created = json.loads(base64.b64decode(place, validate=True))
    except (binascii.Error, ValueError):
        raise _refused("ValidationException", "Invalid ShardIterator") from None
    if clock.now() - created > ITERATOR_SECONDS:
        raise _refused("ExpiredIteratorException", "The shard iterator has expired: it is older than 15 minutes")
    stream = _Stream(handler, arn)
    shard = stream.shard(name)
    if position <= shard.trimmed:
        raise _trimmed(shard)
    records = stream_shards.read(shard, position, handler._get_param("Limit") or _RECORDS_OF_A_PAGE)
    position = stream_shards.number(records[-1]) + 1 if records else position
    answer: dict[str, Any] = {"Records": [_printable(record.to_json()) for record in records]}
    if shard.end is None or stream_shards.read(shard, position, 1):
        answer["NextShardIterator"] = stream.iterator(shard, position)
    return ActionResult(answer)


def _printable(record: dict[str, Any]) -> dict[str, Any]:
    change = record["dynamodb"]
    created: datetime = change["ApproximateCreationDateTime"]
    whole = created.replace(microsecond=created.microsecond // 1000 * 1000, tzinfo=UTC)  # milliseconds
    return record | {"dynamodb": change | {"ApproximateCreationDateTime": whole.timestamp()}}


def _printing(serialize: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def serialize_records(handler: Any, answer: Any) -> Any:
        if isinstance(answer.result, Exception) or handler._get_action() != "GetRecords":
            return serialize(handler, answer)
        headers = {"Content-Type": "application/x-amz-json-1.0", **handler.response_headers}
        return 200, headers, item_json.encode(answer.result)

    return serialize_records


def _unknown(what: str) -> JsonRESTError:
    return _refused("ResourceNotFoundException", f"Requested resource not found: {what}")


def _trimmed(shard: Any) -> JsonRESTError:
    return _refused(
        "TrimmedDataAccessException", f"The data you are trying to access has been trimmed from shard {shard.id}"
    )


def _refused(code: str, message: str) -> JsonRESTError:
    return JsonRESTError(_PREFIX + code, message)
