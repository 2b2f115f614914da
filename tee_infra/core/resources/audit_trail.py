"""The audit trail as plain data: which events are recorded, who may write the record, and what raises an alarm."""

import json
from dataclasses import dataclass, field
from typing import Final

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.resources.access.documents import EVERYTHING, Document, allow, document, only_encrypted
from tee_infra.core.resources.access.tables import manage_key

RETENTION_DAYS: Final = 365
"""How long Object Lock keeps every log file from being changed or deleted."""

EXPIRY_DAYS: Final = RETENTION_DAYS + 35
"""When a log file goes: the lock must have run out first."""

LOG_PREFIX: Final = "AWSLogs/"
"""Where CloudTrail puts its files."""

CLOUDTRAIL: Final = "cloudtrail.amazonaws.com"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One condition of a selector on an event's field: equal to, beginning with, or not beginning with one of these."""

    name: str
    equals: list[str] = field(default_factory=list[str])
    starts_with: list[str] = field(default_factory=list[str])
    not_starts_with: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, kw_only=True)
class Selector:
    """Events that the trail records: those for which every field agrees."""

    name: str
    fields: list[Field]


def selectors(arns: Arns, *, without_app: bool) -> list[Selector]:
    """The trail's advanced event selectors.

    Calls on items and streams cost $1.00 per million events; `without_app` leaves the app's own out. Management
    events are there for EventBridge, which sees an AssumeRole only in an account with a trail that records it.
    """
    caller = [Field(name="userIdentity.arn", not_starts_with=[arns.role_sessions("app")])] if without_app else []
    return [
        Selector(name="Management events", fields=[Field(name="eventCategory", equals=["Management"])]),
        _data_events("Calls on items", "AWS::DynamoDB::Table", arns.tables, caller),
        _data_events(
            "Reads of streams", "AWS::DynamoDB::Stream", [f"{table}/stream/" for table in arns.tables], caller
        ),
    ]


def bucket_policy(arns: Arns) -> Document:
    """The bucket's policy: this trail writes, nobody uses plain HTTP."""
    bucket = arns.audit_bucket
    this_trail = {"aws:SourceArn": arns.trail}
    return document(
        only_encrypted(bucket),
        allow(
            "TrailChecksBucket",
            ["s3:GetBucketAcl"],
            [bucket],
            principal={"Service": CLOUDTRAIL},
            conditions={"StringEquals": this_trail},
        ),
        allow(
            "TrailWrites",
            ["s3:PutObject"],
            [f"{bucket}/{LOG_PREFIX}{arns.account_id}/*"],
            principal={"Service": CLOUDTRAIL},
            conditions={"StringEquals": {**this_trail, "s3:x-amz-acl": "bucket-owner-full-control"}},
        ),
    )


def key_policy(arns: Arns) -> Document:
    """The key of log files and log events. A key policy's resource is always `*`: the key that it is on."""
    return document(
        manage_key(arns),
        allow(
            "TrailEncrypts",
            ["kms:GenerateDataKey*"],
            EVERYTHING,
            principal={"Service": CLOUDTRAIL},
            conditions={
                "StringEquals": {"aws:SourceArn": arns.trail, "kms:EncryptionContext:aws:cloudtrail:arn": arns.trail}
            },
        ),
        allow(
            "TrailDescribesKey",
            ["kms:DescribeKey"],
            EVERYTHING,
            principal={"Service": CLOUDTRAIL},
            conditions={"StringEquals": {"aws:SourceArn": arns.trail}},
        ),
        allow(
            "LogGroupEncrypts",
            ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
            EVERYTHING,
            principal={"Service": f"logs.{arns.region}.amazonaws.com"},
            conditions={"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": arns.log_group("audit")}},
        ),
    )


def log_writer_trust(arns: Arns) -> Document:
    """Who takes the role that writes log events: CloudTrail, for this trail."""
    return document(
        allow(
            "ThisTrail",
            ["sts:AssumeRole"],
            principal={"Service": CLOUDTRAIL},
            conditions={"StringEquals": {"aws:SourceAccount": arns.account_id, "aws:SourceArn": arns.trail}},
        )
    )


def log_writer_permissions(arns: Arns) -> Document:
    """What that role may do: add events to its log group's streams."""
    streams = f"{arns.log_group('audit')}:log-stream:{arns.account_id}_CloudTrail_{arns.region}*"
    return document(allow("WriteEvents", ["logs:CreateLogStream", "logs:PutLogEvents"], [streams]))


def not_the_app(arns: Arns) -> str:
    """The log filter for calls on DynamoDB by anybody but the app.

    A comparison with a field that an event does not have is false, `!=` too, and the root user's and IAM users'
    events have no session issuer: without `NOT EXISTS` exactly those would go unseen.
    """
    issuer = "$.userIdentity.sessionContext.sessionIssuer.arn"
    anybody_else = f'({issuer} NOT EXISTS) || ({issuer} != "{arns.role("app")}")'
    return f'{{ ($.eventSource = "dynamodb.amazonaws.com") && ($.eventCategory = "Data") && ({anybody_else}) }}'


def metric_namespace(environment: str) -> str:
    """Where the filter's metric is published."""
    return f"{names.SERVICE}/{environment}"


def break_glass_used(arns: Arns) -> str:
    """The EventBridge pattern of somebody taking the break-glass role, refused attempts included."""
    pattern = {
        "source": ["aws.sts"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventSource": ["sts.amazonaws.com"],
            "eventName": ["AssumeRole"],
            "requestParameters": {"roleArn": [arns.role("break-glass")]},
        },
    }
    return json.dumps(pattern, separators=(",", ":"), sort_keys=True)


def _data_events(name: str, resource_type: str, prefixes: list[str], caller: list[Field]) -> Selector:
    return Selector(
        name=name,
        fields=[
            Field(name="eventCategory", equals=["Data"]),
            Field(name="resources.type", equals=[resource_type]),
            Field(name="resources.ARN", starts_with=prefixes),
            *caller,
        ],
    )
