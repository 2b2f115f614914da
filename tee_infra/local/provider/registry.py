"""Every resource type of the provider."""

from collections.abc import Mapping

from tee_infra.local.provider import (
    budgets,
    cloudtrail,
    cloudwatch,
    dynamodb,
    events,
    iam,
    iam_policy,
    kms,
    logs,
    s3,
    s3_lifecycle,
    s3_settings,
    sns,
    ssm,
)
from tee_infra.local.provider.schema import ResourceType

RESOURCE_TYPES: Mapping[str, ResourceType] = {
    kind.type: kind
    for service in (
        budgets,
        cloudtrail,
        cloudwatch,
        dynamodb,
        events,
        iam,
        iam_policy,
        kms,
        logs,
        s3,
        s3_lifecycle,
        s3_settings,
        sns,
        ssm,
    )
    for kind in service.TYPES
}
