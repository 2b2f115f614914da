"""Corrections of moto where it differs from AWS in properties of this project, in the serving process.

moto 5.2.5 accepts the table class, the caps on demand and a change of encryption, and forgets them; it never allows
a stream to be enabled a second time; it gives tables no TableId; and its message for a protected table differs from
AWS's. It makes an RSA pair of 2,048 bits (0.05-0.3 s) for every symmetric key of KMS, which has none.
`item_refusals` has the items that it takes and AWS does not, `warm_throughput` how AWS raises it, `late_ec2` spares an
import.
"""

import uuid
from collections.abc import Callable
from typing import Any, cast

from moto.dynamodb import exceptions
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler
from moto.kms import models as kms

from tee_infra.local import (
    compact_items,
    data_requests,
    item_refusals,
    late_ec2,
    stream_requests,
    stream_shards,
    table_policies,
    warm_throughput,
)

PROTECTED = (
    "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."
)
KEPT = ("TableClass", "OnDemandThroughput", "SSESpecification")
Handle = Callable[[Any], Any]


def apply() -> None:
    """Change moto's classes; once per process, before the first request."""
    late_ec2.apply()
    backend, handler, table = cast("Any", DynamoDBBackend), cast("Any", DynamoHandler), cast("Any", Table)
    keys = cast("Any", kms)
    backend.update_table_streams = _switch_stream
    handler.create_table = _keeping(handler.create_table)
    handler.update_table = _keeping(warm_throughput.raising(handler.update_table))
    table.describe = _telling(table.describe)
    cast("Any", exceptions).DeletionProtectedException.__init__ = _refuse_deletion
    keys.generate_private_key = _pairs(keys.generate_private_key)
    compact_items.apply()
    table_policies.apply(backend, handler)
    data_requests.apply(handler)
    item_refusals.apply()
    stream_requests.apply(cast("Any", DynamoDBStreamsHandler))


def _switch_stream(_backend: Any, table: Any, specification: dict[str, Any]) -> None:
    is_on = (table.stream_specification or {}).get("StreamEnabled")
    if is_on and specification.get("StreamEnabled"):
        raise exceptions.StreamAlreadyEnabledException
    first, view = table.stream_shard, (table.stream_specification or {}).get("StreamViewType")
    table.set_stream_specification(specification)
    if not specification.get("StreamEnabled") and first is not None:
        stream_shards.end(first)
        table.ended_stream = (table.latest_stream_label, first, view)  # it can be read for as long as it has records
        table.stream_shard = None  # moto would still write to it, and fail


def _keeping(handle: Handle) -> Handle:
    def handle_and_keep(handler: Any) -> Any:
        body = handler.body
        answer = handle(handler)
        table = handler.dynamodb_backend.get_table(body["TableName"])
        table.__dict__.setdefault("kept", {}).update({name: body[name] for name in KEPT if name in body})
        changes = [next(iter(change.values())) for change in body.get("GlobalSecondaryIndexUpdates") or []]
        for index in [*(body.get("GlobalSecondaryIndexes") or []), *changes]:
            if "OnDemandThroughput" in index:
                table.kept.setdefault("indexes", {})[index["IndexName"]] = index["OnDemandThroughput"]
        return answer

    return handle_and_keep


def _telling(describe: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def describe_and_tell(table: Any, base_key: str = "TableDescription") -> dict[str, Any]:
        warm_throughput.settle(table)
        answer = describe(table, base_key)
        told, kept = answer[base_key], table.__dict__.get("kept", {})
        told["TableId"] = table.__dict__.setdefault("table_id", str(uuid.uuid4()))
        if "TableClass" in kept:
            told["TableClassSummary"] = {"TableClass": kept["TableClass"]}
        if "OnDemandThroughput" in kept:
            told["OnDemandThroughput"] = kept["OnDemandThroughput"]
        if "SSESpecification" in kept:
            told.pop("SSEDescription", None)
            told.update(_encryption(kept["SSESpecification"]))
        for index in told["GlobalSecondaryIndexes"]:
            if index["IndexName"] in kept.get("indexes", {}):
                index["OnDemandThroughput"] = kept["indexes"][index["IndexName"]]
        return answer

    return describe_and_tell


def _encryption(specification: dict[str, Any]) -> dict[str, Any]:
    if not specification.get("Enabled"):
        return {}
    key = specification.get("KMSMasterKeyId")
    arn = {"KMSMasterKeyArn": key} if key else {}
    return {"SSEDescription": {"Status": "ENABLED", "SSEType": "KMS"} | arn}


def _refuse_deletion(error: Any, _table_name: str) -> None:
    exceptions.MockValidationException.__init__(error, PROTECTED)


def _pairs(generate: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda key_spec: None if key_spec == "SYMMETRIC_DEFAULT" else generate(key_spec)
