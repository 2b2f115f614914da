"""A reply of another shape than AWS's, to any request about a table, is an error in one line: never a mistake of ours,
and never a table without settings, items or tags."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.session import get_session

from tee_infra.aws.connection import AwsError, Connection
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.aws.table_definitions import TableDefinitions
from tee_infra.aws.tables import live_schema
from tee_infra.core.tables.description import UnexpectedDescriptionError
from tests.support.services import new_table

Ask = Callable[[DynamoDb, str], object]
OPERATIONS: dict[str, Ask] = {
    "DescribeTable": lambda dynamodb, name: dynamodb.table(name),
    "DescribeTimeToLive": lambda dynamodb, name: TableDefinitions(dynamodb.client).definition(name),
    "ListTagsOfResource": lambda dynamodb, name: dynamodb.identity(dynamodb.table(name)),
    "DescribeContinuousBackups": lambda dynamodb, name: TableDefinitions(dynamodb.client).definition(name),
    "Scan": lambda dynamodb, name: TableDefinitions(dynamodb.client).is_empty(name),
}
BODIES = {
    "an empty object": b"{}",
    "null": b"null",
    "a list": b"[]",
    "text": b'"table"',
    "a number": b"7",
    "no JSON": b"<html>Sign in</html>",
    "nothing": b"",
    "members of text": json.dumps(
        dict.fromkeys(["Table", "TimeToLiveDescription", "ContinuousBackupsDescription", "Tags", "Items"], "x")
    ).encode(),
    "members of null": json.dumps(
        dict.fromkeys(["Table", "TimeToLiveDescription", "ContinuousBackupsDescription", "Tags", "Items"])
    ).encode(),
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_it_is_refused(moto_endpoint: str, operation: str, body: str) -> None:
    session = boto3.Session(
        aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1", botocore_session=get_session()
    )
    dynamodb = DynamoDb(session, moto_endpoint)
    name = new_table(dynamodb)

    def replace(response_dict: dict[str, Any], **_: Any) -> None:
        response_dict["body"] = BODIES[body]

    dynamodb.client.meta.events.register_first(f"before-parse.dynamodb.{operation}", replace)
    with pytest.raises((AwsError, UnexpectedDescriptionError)) as refused:
        OPERATIONS[operation](dynamodb, name)
    assert str(refused.value).isprintable()


def test_a_mistake_of_this_program_is_not_hidden(moto_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(*_: object) -> object:
        return {}["Mine"]

    monkeypatch.setattr("tee_infra.aws.tables.description_of", mistaken)
    name = new_table(DynamoDb(boto3.Session("a", "b", region_name="us-east-1"), moto_endpoint))
    with pytest.raises(KeyError):
        live_schema(name, Connection(region="us-east-1", endpoint=moto_endpoint, access_key="a"))
