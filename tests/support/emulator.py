"""An in-process moto server, and the catalog's tables in it."""

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from threading import Event, Lock, Thread
from typing import Any
from urllib.request import Request, urlopen

import boto3
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core import names
from tee_infra.core.backoff import Backoff
from tee_infra.core.tables.catalog import TABLES, Table
from tee_infra.local import compact_items, late_ec2, stream_requests
from tee_infra.workflows.data.table_io import TableAccess, put_items, scan_pages


@cache
def change_moto() -> None:
    """As the embedded AWS changes it, which is faster; `tests.local.test_compact_items` shows that it answers alike."""
    compact_items.apply()
    late_ec2.apply()
    stream_requests.apply(DynamoDBStreamsHandler)


@contextmanager
def serve_moto() -> Iterator[str]:
    """A moto server on loopback that answers one request at a time, because its backends have no locks."""
    change_moto()
    with serve_pure_moto() as endpoint:
        yield endpoint


@contextmanager
def serve_pure_moto() -> Iterator[str]:
    """The same in a process with an unchanged moto."""
    lock, application = Lock(), DomainDispatcherApplication(create_backend_app)

    def one_at_a_time(environ: dict, start_response: Any) -> list[bytes]:
        with lock:
            return list(application(environ, start_response))

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request
    server = make_server("127.0.0.1", 0, one_at_a_time, threaded=True, request_handler=MotoRequestHandler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def reset(endpoint: str) -> None:
    """Forget everything."""
    with urlopen(Request(f"{endpoint}/moto-api/reset", method="POST")):
        pass


def empty_tables() -> None:
    """Forget the items of all tables in this process; the tables stay."""
    for table in dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables.values():
        table.items.clear()


@cache
def session() -> boto3.Session:
    """One for all tests: reading botocore's models takes longer than most of them."""
    return boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1")


def create_tables(dynamodb: DynamoDb, environment: str, **extra: Any) -> dict[str, str]:
    """The catalog's tables, empty; logical -> physical names."""
    for table in TABLES:
        dynamodb.client.create_table(TableName=names.table(environment, table.name), **table_request(table), **extra)
    return {table.name: names.table(environment, table.name) for table in TABLES}


def put(dynamodb: DynamoDb, table: str, items: Iterable[bytes]) -> None:
    """Write raw items."""
    with TableAccess(dynamodb.transport(), dynamodb.table(table)).requests(Event(), Backoff()) as requests:
        put_items(requests, table, list(items))


def everything(dynamodb: DynamoDb, table: str) -> dict[str, Any]:
    """All items as DynamoDB's JSON, by the text of both keys."""
    with TableAccess(dynamodb.transport(), dynamodb.table(table)).requests(Event(), Backoff()) as requests:
        items = [json.loads(bytes(item)) for page in scan_pages(requests, table) for item in page.items]
    return {item["pk"]["S"] + item["sk"]["S"]: item for item in items}


def table_request(table: Table) -> dict[str, Any]:
    """CreateTable of a catalog entry, without its name."""

    def schema(*keys: Any) -> list[dict[str, str]]:
        kinds = ("HASH", "RANGE")
        return [{"AttributeName": key.name, "KeyType": kind} for key, kind in zip(keys, kinds, strict=False) if key]

    request: dict[str, Any] = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": key.name, "AttributeType": key.type} for key in table.key_attributes
        ],
        "KeySchema": schema(table.partition_key, table.sort_key),
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": table.stream_view},
    }
    if table.indexes:
        request["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index.name,
                "KeySchema": schema(index.partition_key, index.sort_key),
                "Projection": {"ProjectionType": index.projection},
            }
            for index in table.indexes
        ]
    return request
