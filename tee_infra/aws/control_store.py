"""The items of the control table: read consistently, written under a condition, never deleted."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final, Self

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config

from tee_infra.aws.connection import AwsError, Connection, aws_errors
from tee_infra.aws.pagination import member
from tee_infra.core import names
from tee_infra.errors import RemoteError

Item = dict[str, Any]

# A renewal must fail within a minute, to be retried before its lock expires; botocore's own ten retries take ten.
_IMPATIENT: Final = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
_TO_WIRE: Final = TypeSerializer()
_FROM_WIRE: Final = TypeDeserializer()


class NoControlTableError(RemoteError):
    """The account has no control table."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where} has no control table {names.CONTROL_TABLE!r}", next="Create it once: tee-infra bootstrap"
        )


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
        while True:
            answer = self._call("query", query)
            items += [_plain(item) for item in member(answer, "Items", f"query on table {names.CONTROL_TABLE}")]
            if "LastEvaluatedKey" not in answer:
                return items, _time_of(answer)
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def get(self, pk: str, sk: str) -> tuple[Item | None, datetime]:
        """One item, and AWS's time."""
        answer = self._call("get_item", {"Key": {"pk": {"S": pk}, "sk": {"S": sk}}, "ConsistentRead": True})
        return _plain(answer["Item"]) if "Item" in answer else None, _time_of(answer)

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
            self._call("put_item", {"Item": wire, **condition})
        except _RefusedError:
            return self.get(item["pk"], item["sk"])[0] == item
        return True

    def _call(self, operation: str, members: Item) -> Any:
        with aws_errors(f"{operation} on table {names.CONTROL_TABLE}"):
            try:
                return getattr(self._client, operation)(TableName=names.CONTROL_TABLE, **members)
            except self._client.exceptions.ConditionalCheckFailedException:
                raise _RefusedError from None
            except self._client.exceptions.ResourceNotFoundException:
                raise NoControlTableError(self._where) from None


def _time_of(answer: Any) -> datetime:
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
    try:
        return parsedate_to_datetime(date)
    except ValueError:
        raise AwsError(f"reading table {names.CONTROL_TABLE}", f"the Date {date!r} is not a timestamp") from None


def _plain(wire: Mapping[str, Any]) -> Item:
    return {key: _whole(_FROM_WIRE.deserialize(value)) for key, value in wire.items()}


def _whole(value: Any) -> Any:
    """boto3 returns numbers as decimals; the control table has only integers."""
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(inner) for key, inner in value.items()}
    return [_whole(inner) for inner in value] if isinstance(value, list) else value
