"""The embedded AWS refuses the items that AWS refuses, in every operation that writes one, and keeps none of them."""

import json
from typing import Any

import pytest

from tee_infra.local import EmbeddedAws
from tests.core.codec.item_cases import REFUSED, TAKEN
from tests.local.clients import client

TABLE = "refusals"
KEY = {"pk": {"S": "a"}}


@pytest.fixture
def dynamodb(running: EmbeddedAws) -> Any:
    """A client whose requests are sent as they are: boto3 itself refuses some of these."""
    made = client(running, "dynamodb")
    keys = {"by-who": ["who", "at"], "by-raw": ["raw"]}
    if TABLE not in made.list_tables()["TableNames"]:
        made.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": kind}
                for name, kind in {"pk": "S", "who": "S", "at": "N", "raw": "B"}.items()
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": index,
                    "KeySchema": [
                        {"AttributeName": name, "KeyType": kind}
                        for name, kind in zip(names, ["HASH", "RANGE"], strict=False)
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
                for index, names in keys.items()
            ],
            BillingMode="PAY_PER_REQUEST",
        )
    made.delete_item(TableName=TABLE, Key=KEY)
    return made


def send(dynamodb: Any, operation: str, body: dict[str, Any]) -> tuple[str, str]:
    """The code and message of the refusal, empty if it was accepted."""

    def replace(params: dict[str, Any], **_: Any) -> None:
        params["body"] = json.dumps(body).encode()

    dynamodb.meta.events.register(f"before-call.dynamodb.{operation}", replace)
    try:
        dynamodb._make_api_call(operation, PLACEHOLDERS[operation])
    except dynamodb.exceptions.ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    finally:
        dynamodb.meta.events.unregister(f"before-call.dynamodb.{operation}", replace)
    return "", ""


PLACEHOLDERS: dict[str, dict[str, Any]] = {
    "PutItem": {"TableName": TABLE, "Item": {}},
    "BatchWriteItem": {"RequestItems": {TABLE: [{"DeleteRequest": {"Key": {}}}]}},
    "TransactWriteItems": {"TransactItems": [{"Delete": {"TableName": TABLE, "Key": {}}}]},
}


def bodies(*items: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        "PutItem": {"TableName": TABLE, "Item": items[-1]},
        "BatchWriteItem": {"RequestItems": {TABLE: [{"PutRequest": {"Item": item}} for item in items]}},
        "TransactWriteItems": {"TransactItems": [{"Put": {"TableName": TABLE, "Item": item}} for item in items]},
    }


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_item_is_not_written_nor_are_those_beside_it(dynamodb: Any, case: str) -> None:
    attributes, message = REFUSED[case]
    beside = {"pk": {"S": "beside"}}
    dynamodb.delete_item(TableName=TABLE, Key=beside)
    for operation, body in bodies(beside, {**KEY, **attributes}).items():
        code, told = send(dynamodb, operation, body)
        assert code in {"ValidationException", "TransactionCanceledException"}, operation
        assert message in told, operation
    found = dynamodb.scan(TableName=TABLE, ConsistentRead=True)["Items"]
    assert [item for item in found if item["pk"]["S"] in {"a", "beside", ""}] == []


@pytest.mark.parametrize("case", TAKEN)
def test_an_item_at_the_limit_is_written(dynamodb: Any, case: str) -> None:
    for operation, body in bodies({**KEY, **TAKEN[case]}).items():
        assert send(dynamodb, operation, body) == ("", ""), operation
        assert dynamodb.get_item(TableName=TABLE, Key=KEY)["Item"].keys() == {"pk", *TAKEN[case]}


@pytest.mark.parametrize("existing", [True, False])
def test_an_update_to_an_item_that_aws_refuses_changes_nothing(dynamodb: Any, *, existing: bool) -> None:
    before = {**KEY, "who": {"S": "ann"}, "v": {"N": "1"}}
    if existing:
        dynamodb.put_item(TableName=TABLE, Item=before)
    update = {"UpdateExpression": "SET who = :w", "ExpressionAttributeValues": {":w": {"N": "7"}}}
    with pytest.raises(dynamodb.exceptions.ClientError, match="Type mismatch"):
        dynamodb.update_item(TableName=TABLE, Key=KEY, **update)
    assert dynamodb.get_item(TableName=TABLE, Key=KEY).get("Item") == (before if existing else None)
    dynamodb.update_item(
        TableName=TABLE, Key=KEY, UpdateExpression="SET who = :w", ExpressionAttributeValues={":w": {"S": "bob"}}
    )
    assert dynamodb.get_item(TableName=TABLE, Key=KEY)["Item"]["who"] == {"S": "bob"}


@pytest.mark.parametrize(
    ("writes", "message"),
    [
        ([{"PutRequest": {"Item": KEY}}, {"PutRequest": {"Item": {**KEY, "v": {"S": "x"}}}}], "contains duplicates"),
        ([{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": KEY}}], "contains duplicates"),
        ([{"PutRequest": {"Item": {"pk": {"S": f"{number}"}}}} for number in range(26)], "less than or equal to 25"),
    ],
)
def test_a_batch_that_aws_refuses_writes_nothing(dynamodb: Any, writes: list[Any], message: str) -> None:
    code, told = send(dynamodb, "BatchWriteItem", {"RequestItems": {TABLE: writes}})
    assert (code, message in told) == ("ValidationException", True)
    assert "Item" not in dynamodb.get_item(TableName=TABLE, Key=KEY)
