"""boto3 clients for a running embedded AWS."""

from typing import Any

import boto3

from tee_infra.local import EmbeddedAws


def client(running: EmbeddedAws, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=running.endpoint,
        region_name=running.region,
        aws_access_key_id=running.access_key,
        aws_secret_access_key=running.secret_key,
    )


def make_table(running: EmbeddedAws, name: str, **more: Any) -> None:
    client(running, "dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )
