"""What moto stores and AWS refuses: items against the rules of `core.codec.item_rules`, in the serving process.

moto 5.2.5 does not look at the types of index keys, empty binaries, duplicates in sets, depth or number sizes of
most requests, takes more than 25 items in a batch, and writes the items of a batch before the one that it refuses.
"""

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any, Final, cast

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models.dynamo_type import LimitedSizeDict
from moto.dynamodb.responses import DynamoHandler

from tee_infra.core.codec.item_rules import ItemRefusedError, KeySchema, check_item, key_text
from tee_infra.core.codec.item_size import ITEM_BYTES
from tee_infra.local import item_json
from tee_infra.local.stream_shards import one_record

BATCH_REQUESTS: Final = 25
Handle = Callable[[Any], Any]


def apply() -> None:
    """Change moto's handlers; once per process, before the first request."""
    handler = cast("Any", DynamoHandler)
    handler.put_item = _checked(handler.put_item, _check_put)
    handler.batch_write_item = _checked(handler.batch_write_item, _check_batch)
    handler.transact_write_items = _checked(handler.transact_write_items, _check_transaction)
    handler.update_item = _undoing(handler.update_item)
    cast("Any", LimitedSizeDict).__setitem__ = dict.__setitem__  # refuses some that AWS takes, at quadratic cost


def _checked(handle: Handle, check: Callable[[Any], None]) -> Handle:
    def check_and_handle(handler: Any) -> Any:
        try:
            check(handler)
        except ItemRefusedError as error:
            raise MockValidationException(str(error)) from None
        return handle(handler)

    return check_and_handle


def _check_put(handler: Any) -> None:
    schemas = _schemas(handler.dynamodb_backend.get_table(handler.body["TableName"]))
    check_item(handler.body["Item"], schemas, is_small=_is_small(handler))


def _check_batch(handler: Any) -> None:
    requests = handler.body["RequestItems"]
    if not 1 <= sum(map(len, requests.values())) <= BATCH_REQUESTS:
        raise ItemRefusedError(
            "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Member must have "
            f"length less than or equal to {BATCH_REQUESTS}, Member must have length greater than or equal to 1"
        )
    is_small = _is_small(handler)
    for name, writes in requests.items():
        schemas = _schemas(handler.dynamodb_backend.get_table(name))
        key_names, keys = list(schemas[0].types), set[str]()
        for write in writes:
            item = write["PutRequest"]["Item"] if "PutRequest" in write else write["DeleteRequest"]["Key"]
            check_item(item, schemas if "PutRequest" in write else schemas[:1], is_small=is_small)
            keys.add(key_text(item, key_names))
        if len(keys) < len(writes):
            raise ItemRefusedError("Provided list of item keys contains duplicates")


def _is_small(handler: Any) -> bool:
    """Whether no item is too large because the request is not; JSON that was only spelled longer is no item's."""
    return item_json.is_ordinary(handler) and len(handler.normalized_request.data) <= ITEM_BYTES


def _check_transaction(handler: Any) -> None:
    for write in handler.body["TransactItems"]:
        if "Put" in write:
            put = write["Put"]
            check_item(put["Item"], _schemas(handler.dynamodb_backend.get_table(put["TableName"])))


def _undoing(handle: Handle) -> Handle:
    """An update's item is only known afterwards: one that AWS refuses is set back."""

    def handle_and_check(handler: Any) -> Any:
        backend, name, key = handler.dynamodb_backend, handler.body["TableName"], handler.body["Key"]
        with one_record(backend.get_table(name).stream_shard):  # none for an item that is set back
            before = _attributes(backend, name, key)
            answer = handle(handler)
            try:
                check_item(_attributes(backend, name, key) or key, _schemas(backend.get_table(name)))
            except ItemRefusedError as error:
                if before is None:
                    backend.delete_item(name, key)
                else:
                    backend.put_item(name, before, overwrite=True)
                raise MockValidationException(str(error)) from None
            return answer

    return handle_and_check


def _attributes(backend: Any, name: str, key: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        item = backend.get_item(name, key)
    except Exception:  # moto's own complaint about the key or the table comes from the update itself
        return None
    return item.to_json()["Attributes"] if item else None


def _schemas(table: Any) -> list[KeySchema]:
    """The table's own key and those of its indexes."""
    types = {attribute["AttributeName"]: attribute["AttributeType"] for attribute in table.attr}
    indexes = [*table.global_indexes, *table.indexes]
    keys = [("", table.schema), *((index.name, index.schema) for index in indexes)]
    hash_first = itemgetter("KeyType")
    names = [(name, [each["AttributeName"] for each in sorted(schema, key=hash_first)]) for name, schema in keys]
    return [KeySchema(name, {attribute: types[attribute] for attribute in attributes}) for name, attributes in names]
