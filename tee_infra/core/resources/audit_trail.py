"""The audit trail as plain data: the recorded events, the permission to write them, and the alarm filters."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.resources.access.documents import EVERYTHING, Document, allow, document, only_encrypted
from tee_infra.core.resources.access.slots import with_production
from tee_infra.core.resources.access.tables import manage_key

RETENTION_DAYS: Final = 365
"""How long Object Lock keeps every log file from being changed or deleted."""

EXPIRY_DAYS: Final = RETENTION_DAYS + 35
"""When a log file is deleted: after its lock has expired."""

LOG_PREFIX: Final = "AWSLogs/"
"""Where CloudTrail puts its files."""

CLOUDTRAIL: Final = "cloudtrail.amazonaws.com"


@dataclass(frozen=True, kw_only=True)
class Field:
    """A selector's condition on an event's field: equals, begins with, or does not begin with one of the values."""

    name: str
    equals: list[str] = field(default_factory=list[str])
    starts_with: list[str] = field(default_factory=list[str])
    not_starts_with: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, kw_only=True)
class Selector:
    """Events that the trail records: those that match every field."""

    name: str
    fields: list[Field]


def selectors(arns: Arns, *, without_app: bool, management: bool = True) -> list[Selector]:
    """The trail's advanced event selectors.

    Calls on items and streams cost $1.00 per million events; `without_app` leaves the app's own out. Management
    events are recorded for EventBridge, which gets an AssumeRole only in an account with a trail that records it; a
    second copy of them costs.
    """
    apps = [one.role_sessions("app") for one in with_production(arns)]
    caller = [Field(name="userIdentity.arn", not_starts_with=apps)] if without_app else []
    known = [Selector(name="Management events", fields=[Field(name="eventCategory", equals=["Management"])])]
    return [
        *(known if management else []),
        _data_events("Calls on items", "AWS::DynamoDB::Table", arns.tables, caller),
        _data_events(
            "Reads of streams", "AWS::DynamoDB::Stream", [f"{table}/stream/" for table in arns.tables], caller
        ),
    ]


def bucket_policy(arns: Arns) -> Document:
    """The bucket's policy: only this trail writes, and plain HTTP is denied."""
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
    """The policy of the key of log files and log events. A key policy's resource is always `*`: its own key."""
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
    """Who may assume the role that writes log events: CloudTrail, for this trail."""
    return document(
        allow(
            "ThisTrail",
            ["sts:AssumeRole"],
            principal={"Service": CLOUDTRAIL},
            conditions={"StringEquals": {"aws:SourceAccount": arns.account_id, "aws:SourceArn": arns.trail}},
        )
    )


def log_writer_permissions(arns: Arns) -> Document:
    """That role's policy: add events to its log group's streams."""
    streams = f"{arns.log_group('audit')}:log-stream:{arns.account_id}_CloudTrail_{arns.region}*"
    return document(allow("WriteEvents", ["logs:CreateLogStream", "logs:PutLogEvents"], [streams]))


def outside_app_filter(arns: Arns) -> str:
    """The log filter for calls on DynamoDB from outside the app, which in a slot is production's.

    A comparison with a field that an event does not have is false, `!=` too, and the root user's and IAM users'
    events have no session issuer: without `NOT EXISTS` exactly those would be missed.
    """
    issuer = "$.userIdentity.sessionContext.sessionIssuer.arn"
    others = " && ".join(f'({issuer} != "{one.role("app")}")' for one in with_production(arns))
    outside_app = f"({issuer} NOT EXISTS) || {f'({others})' if '&&' in others else others}"
    return f'{{ ($.eventSource = "dynamodb.amazonaws.com") && ($.eventCategory = "Data") && ({outside_app}) }}'


def metric_namespace(environment: str) -> str:
    """The namespace of the filter's metric."""
    return f"{names.SERVICE}/{environment}"


def session_pattern(arns: Arns, roles: Sequence[str]) -> str:
    """The EventBridge pattern of an attempt to assume one of the roles (logical names), also a refused one."""
    pattern = {
        "source": ["aws.sts"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventSource": ["sts.amazonaws.com"],
            "eventName": ["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"],
            "requestParameters": {"roleArn": [arns.role(role) for role in roles]},
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
