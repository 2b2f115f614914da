"""A DynamoDB at an endpoint, and tables in it."""

import uuid

import boto3

from tee_infra.aws.dynamodb import DynamoDb


def connect(endpoint: str, *, seconds: float = 10.0) -> DynamoDb:
    """DynamoDB at an endpoint, without a profile or variable of the machine."""
    session = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1")
    return DynamoDb(session, endpoint, seconds=seconds)


def new_table(dynamodb: DynamoDb, partition: str = "S", sort: str | None = "S") -> str:
    """An empty table with a name of its own and keys `pk` and `sk` of these types."""
    name = f"t-{uuid.uuid4().hex[:12]}"
    keys = [("pk", "HASH", partition)] + ([("sk", "RANGE", sort)] if sort else [])
    dynamodb.client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind, _ in keys],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": type_} for key, _, type_ in keys],
    )
    return name
