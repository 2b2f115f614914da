"""The items of the control table: read consistently, written under a condition, never deleted."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Final, Self

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from tee_infra.aws.connection import AwsError, Connection, aws_errors
from tee_infra.aws.deadline import within
from tee_infra.aws.pagination import PartialPageError, member, refuse_null_tokens
from tee_infra.core import names
from tee_infra.core.codec.responses import ResponseClass, verdict_of
from tee_infra.errors import RemoteError

Item = dict[str, Any]

# A renewal must fail within a minute, to be retried before its lock expires; botocore's own ten retries take ten.
_IMPATIENT: Final = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
_CALL_SECONDS: Final = 45.0
"""For all three: a server that sends a byte a second never lets a read time out."""
_LOST: Final = (HTTPClientError, NoConnectionError, TimeoutError)
_TO_WIRE: Final = TypeSerializer()
_FROM_WIRE: Final = TypeDeserializer()


class NoControlTableError(RemoteError):
    """The account has no control table."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where} has no control table {names.CONTROL_TABLE!r}", next="Create it once: tee-infra bootstrap"
        )


class UnansweredError(AwsError):
    """A write that may have happened, or may happen later."""


class NotNowError(AwsError):
    """A write that did not happen, because others are under way or the table is throttled."""


class _RefusedError(Exception):
    """A write's condition did not hold."""


class ControlItems:
    """Items with a string `pk` and `sk`. Every method raises `AwsError` and `NoControlTableError`.

    Times are those of AWS's clock, from the `Date` of its answers: to the second, and the same on every machine.
    """

    def __init__(self, client: Any, where: str, *, on_this_machine: bool = False) -> None:
        self._client = client
        self._where = where
        self.on_this_machine = on_this_machine
        """Whether it is the embedded AWS, which other machines cannot reach."""

    @classmethod
    def connect(cls, connection: Connection) -> Self:
        """The control table at `connection`. Sends no request yet."""
        with aws_errors("opening the control table"):
            client = connection.session().client("dynamodb", endpoint_url=connection.endpoint, config=_IMPATIENT)
        refuse_null_tokens(client)
        where = connection.endpoint or f"AWS in {client.meta.region_name}"
        return cls(client, where, on_this_machine=connection.endpoint is not None)

    def collection(self, pk: str) -> tuple[list[Item], datetime]:
        """Every item under `pk` by `sk`, one request per megabyte, and AWS's time."""
        items: list[Item] = []
        query: Item = {
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": pk}},
            "ConsistentRead": True,
        }
        last = b""
        while True:
            answer = self._call("query", query)
            page = _page(answer, pk, last)
            items += [_plain(item) for item in page]
            if "LastEvaluatedKey" not in answer:
                return items, _time_of(answer)
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
            last = _sort_key(answer["LastEvaluatedKey"], pk, last)

    def get(self, pk: str, sk: str) -> tuple[Item | None, datetime]:
        """One item, and AWS's time."""
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        answer = self._call("get_item", {"Key": key, "ConsistentRead": True, "ReturnConsumedCapacity": "TOTAL"})
        _require_capacity(answer, "get_item")
        if "Item" not in answer:
            return None, _time_of(answer)
        if {name: answer["Item"].get(name) for name in key} != key:
            raise AwsError(_what("get_item"), f"the reply is not DynamoDB's: it is not the item {pk}/{sk}")
        return _plain(answer["Item"]), _time_of(answer)

    def put(self, item: Item, expected: Mapping[str, int] | None) -> bool:
        """Write `item` if the present one has these numbers, or, for None, if there is none. False: not written.

        After a lost answer the SDK retries and is refused: the present item is then this one.
        """
        if expected is None:
            condition: Item = {"ConditionExpression": "attribute_not_exists(pk)"}
        else:
            condition = {
                "ConditionExpression": " AND ".join(f"#{key} = :{key}" for key in expected),
                "ExpressionAttributeNames": {f"#{key}": key for key in expected},
                "ExpressionAttributeValues": {f":{key}": {"N": str(value)} for key, value in expected.items()},
            }
        wire = {key: _TO_WIRE.serialize(value) for key, value in item.items()}
        try:
            answer = self._call("put_item", {"Item": wire, "ReturnConsumedCapacity": "TOTAL", **condition})
        except _RefusedError:
            return self.get(item["pk"], item["sk"])[0] == item
        _require_capacity(answer, "put_item")
        return True

    def put_together(self, items: Sequence[Item], guard: tuple[str, str, str]) -> bool:
        """Write up to 99 items of different keys at once, whatever was there, while the item at `pk` and `sk` has
        this `token`. False: it has another one, and nothing was written. Raises `UnansweredError`, `NotNowError` too.
        """
        pk, sk, token = guard
        held = {
            "TableName": names.CONTROL_TABLE,
            "Key": {"pk": {"S": pk}, "sk": {"S": sk}},
            "ConditionExpression": "#token = :token",
            "ExpressionAttributeNames": {"#token": "token"},
            "ExpressionAttributeValues": {":token": {"S": token}},
        }
        puts = [
            {"TableName": names.CONTROL_TABLE, "Item": {key: _TO_WIRE.serialize(value) for key, value in item.items()}}
            for item in items
        ]
        writes = [{"ConditionCheck": held}, *({"Put": put} for put in puts)]
        call = partial(self._client.transact_write_items, TransactItems=writes, ReturnConsumedCapacity="TOTAL")
        what = _what("transact_write_items")
        with aws_errors(what):
            try:
                answer = within(_CALL_SECONDS, call)
            except self._client.exceptions.TransactionCanceledException as error:
                codes = [reason.get("Code") for reason in error.response.get("CancellationReasons", ())]
                if codes[:1] == ["ConditionalCheckFailed"]:
                    return False
                raise NotNowError(what, f"the transaction was cancelled: {', '.join(map(str, codes))}") from None
            except self._client.exceptions.ResourceNotFoundException:
                raise NoControlTableError(self._where) from None
            except ClientError as error:
                status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
                verdict = verdict_of(status, error.response.get("Error", {}).get("Code", ""))
                if verdict is ResponseClass.THROTTLED:
                    raise NotNowError(what, " ".join(str(error).split())) from None
                if verdict is ResponseClass.TRANSIENT:
                    raise UnansweredError(what, " ".join(str(error).split())) from None
                raise
            except _LOST as error:
                raise UnansweredError(what, " ".join(str(error).split())) from None
        _require_capacity(answer, "transact_write_items")
        return True

    def _call(self, operation: str, members: Item) -> Any:
        call = partial(getattr(self._client, operation), TableName=names.CONTROL_TABLE, **members)
        with aws_errors(_what(operation)):
            try:
                return within(_CALL_SECONDS, call)
            except self._client.exceptions.ConditionalCheckFailedException:
                raise _RefusedError from None
            except self._client.exceptions.ResourceNotFoundException:
                raise NoControlTableError(self._where) from None


def _what(operation: str) -> str:
    return f"{operation} on table {names.CONTROL_TABLE}"


def _page(answer: Any, pk: str, after: bytes) -> list[Item]:
    """The items of a page of a query for `pk` after a sort key. Raises `PartialPageError` for any other answer.

    DynamoDB sends them in the order of the sort key, so that no item can come twice.
    """
    what = _what("query")
    page = member(answer, "Items", what)
    if answer.get("Count") != len(page):
        raise PartialPageError(what, f"an answer has {len(page)} items, and a Count of {answer.get('Count')}")
    for item in page:
        after = _sort_key({name: item.get(name) for name in ("pk", "sk")}, pk, after)
    return page


def _sort_key(key: Mapping[str, Any], pk: str, after: bytes) -> bytes:
    """The sort key in a key of `pk`. Raises `PartialPageError` for any other key, and one that does not come after."""
    wire = key.get("sk")
    text = wire.get("S") if isinstance(wire, dict) else None
    if key != {"pk": {"S": pk}, "sk": {"S": text}} or not isinstance(text, str):
        raise PartialPageError(_what("query"), f"an answer has a key that is not one of {pk!r}")
    if text.encode() <= after and after:
        raise PartialPageError(_what("query"), "an answer has an item or a key of an earlier one")
    return text.encode()


def _require_capacity(answer: Any, operation: str) -> None:
    """DynamoDB says what a request consumed when it is asked to; without that an empty answer means nothing."""
    if "ConsumedCapacity" not in answer:
        raise AwsError(_what(operation), "the reply is not DynamoDB's: it has no ConsumedCapacity")


def _time_of(answer: Any) -> datetime:
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
    try:
        return parsedate_to_datetime(date)
    except ValueError:
        raise AwsError(f"reading table {names.CONTROL_TABLE}", f"the Date {date!r} is not a timestamp") from None


def _plain(wire: Mapping[str, Any]) -> Item:
    return {key: _whole(_FROM_WIRE.deserialize(value)) for key, value in wire.items()}


def _whole(value: Any) -> Any:
    """boto3 returns numbers as decimals. The control table has only integers; readers refuse what stays a decimal."""
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and value == value.to_integral_value() else value
    if isinstance(value, dict):
        return {key: _whole(inner) for key, inner in value.items()}
    return [_whole(inner) for inner in value] if isinstance(value, list) else value
