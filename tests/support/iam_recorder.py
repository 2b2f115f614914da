"""What boto3 is asked for, as requests that IAM decides on."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3

from tee_infra.core import names
from tests.support.iam_roles import ACCOUNT, REGION

Asked = set[tuple[str, str, str]]
"""Actions, what they are on, as ARNs, and the partition key of an item of the control table."""

WITHOUT_A_RESOURCE = {"cloudwatch": "cloudwatch", "lambda": "lambda", "resource-groups-tagging-api": "tag"}
"""Services that are asked to list only, as IAM calls them."""

S3_ACTIONS = {"ListObjectsV2": "ListBucket", "HeadObject": "GetObject"}
"""Operations that IAM calls otherwise (Service Authorization Reference); the others used here are called alike."""


@contextmanager
def recorded(session: boto3.Session) -> Generator[Asked]:
    """What clients that are made of `session` in the meantime are asked for."""
    asked: Asked = set()

    def note(event_name: str, params: Mapping[str, Any], **_: object) -> None:
        service, operation = event_name.split(".")[1:]
        asked.add((*request_of(service, operation, params), leading_key(params)))

    session.events.register("provide-client-params", note)
    try:
        yield asked
    finally:
        session.events.unregister("provide-client-params", note)


def leading_key(params: Mapping[str, Any]) -> str:
    """The partition key in a request on the control table, by which some roles are limited; empty elsewhere."""
    if params.get("TableName") != names.CONTROL_TABLE:
        return ""
    values = params.get("ExpressionAttributeValues", {})
    return str((params.get("Key") or params.get("Item") or {"pk": values.get(":pk", {})})["pk"].get("S", ""))


def request_of(service: str, operation: str, params: Mapping[str, Any]) -> tuple[str, str]:
    match service:
        case "dynamodb":
            return f"dynamodb:{operation}", table(params)
        case "dynamodb-streams":
            return f"dynamodb:{operation}", params["StreamArn"]
        case "iam":
            return f"iam:{operation}", role(params)
        case "ssm":
            name = params.get("Path") or params.get("Name") or params["ResourceId"]
            return f"ssm:{operation}", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{name}"
        case "s3":
            place = "/".join(params[key] for key in ("Bucket", "Key") if key in params)
            return f"s3:{S3_ACTIONS.get(operation, operation)}", f"arn:aws:s3:::{place}"
        case "cloudwatch" | "lambda" | "resource-groups-tagging-api":
            return f"{WITHOUT_A_RESOURCE[service]}:{operation}", "*"
        case _:
            raise AssertionError(f"{service}:{operation}: say what IAM calls it, and what it is on")


def table(params: Mapping[str, Any]) -> str:
    if "ResourceArn" in params:
        return params["ResourceArn"]
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{params['TableName']}" if "TableName" in params else "*"


def role(params: Mapping[str, Any]) -> str:
    if "RoleName" not in params:
        return "*"
    environment, _, _ = params["RoleName"].partition(f"-{names.SERVICE}-")
    return f"arn:aws:iam::{ACCOUNT}:role{names.iam_path(environment)}{params['RoleName']}"
