"""boto3 clients for the embedded AWS, one per service and region, shared by everything."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from tee_infra.local.credentials import Credentials
from tee_infra.local.pidfile import ACCOUNT_ID

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_ssm import SSMClient

_making = threading.Lock()


@dataclass(frozen=True)
class Aws:
    """The embedded AWS in one region."""

    endpoint: str
    region: str
    credentials: Credentials
    account_id: str = ACCOUNT_ID

    @property
    def dynamodb(self) -> DynamoDBClient:  # noqa: D102
        return self._client("dynamodb")

    @property
    def iam(self) -> IAMClient:  # noqa: D102
        return self._client("iam")

    @property
    def ssm(self) -> SSMClient:  # noqa: D102
        return self._client("ssm")

    @property
    def sns(self) -> SNSClient:  # noqa: D102
        return self._client("sns")

    @property
    def cloudwatch(self) -> CloudWatchClient:  # noqa: D102
        return self._client("cloudwatch")

    @property
    def s3(self) -> S3Client:  # noqa: D102
        return self._client("s3")

    @property
    def kms(self) -> KMSClient:  # noqa: D102
        return self._client("kms")

    @property
    def logs(self) -> CloudWatchLogsClient:  # noqa: D102
        return self._client("logs")

    @property
    def events(self) -> EventBridgeClient:  # noqa: D102
        return self._client("events")

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of `resource` in this region, such as `table/dev-tee-admin` of `dynamodb`."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"

    def _client(self, service: str) -> Any:
        with _making:  # boto3 sessions make clients for one thread at a time
            return _shared_client(self.endpoint, service, self.region, self.credentials)


def preload(aws: Aws) -> None:
    """Make every client once, and moto load its services, so that the first `up` does not wait for them."""
    aws.dynamodb.list_tables()
    aws.iam.list_roles()
    aws.ssm.describe_parameters()
    aws.sns.list_topics()
    aws.cloudwatch.describe_alarms()
    aws.s3.list_buckets()
    aws.kms.list_keys()
    aws.logs.describe_log_groups()
    aws.events.list_rules()


@cache
def _shared_client(endpoint: str, service: str, region: str, credentials: Credentials) -> Any:
    return _session().client(
        service,  # pyright: ignore[reportArgumentType, reportCallIssue]  # one of `Aws`
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        config=Config(
            proxies={},  # no proxy for loopback
            retries={"total_max_attempts": 1},
            max_pool_connections=32,
            s3={"addressing_style": "path"},
        ),
    )


@cache
def _session() -> boto3.session.Session:
    return boto3.session.Session()
