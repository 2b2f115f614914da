"""Which change does what, written down as the real provider has it, apart from the tables that are tested."""

from typing import Any

import pytest

from tee_infra.local.provider.operations import OperationFailedError, plan
from tee_infra.local.provider.registry import RESOURCE_TYPES
from tests.local.provider import samples
from tests.local.provider.samples import sample

UPDATE, REPLACE, NOTHING = "update", "replace", "nothing"
GONE = None

INDEX = {"name": "by-date", "hashKey": "date", "projectionType": "ALL"}
EXPECTED = [
    # DynamoDB: terraform-provider-aws, internal/service/dynamodb/table.go
    (samples.TABLE, "name", "other", REPLACE),
    (samples.TABLE, "hashKey", "id", REPLACE),
    (samples.TABLE, "rangeKey", "other", REPLACE),
    (samples.TABLE, "rangeKey", GONE, REPLACE),
    (samples.TABLE, "localSecondaryIndexes", [], REPLACE),
    (samples.TABLE, "localSecondaryIndexes", [{"name": "l2", "rangeKey": "date", "projectionType": "ALL"}], REPLACE),
    (samples.TABLE, "globalSecondaryIndexes", [], UPDATE),
    (samples.TABLE, "globalSecondaryIndexes", [INDEX], UPDATE),
    (samples.TABLE, "billingMode", "PROVISIONED", UPDATE),
    (samples.TABLE, "tableClass", "STANDARD_INFREQUENT_ACCESS", UPDATE),
    (samples.TABLE, "deletionProtectionEnabled", True, UPDATE),
    (samples.TABLE, "pointInTimeRecovery", {"enabled": False}, UPDATE),
    (samples.TABLE, "streamEnabled", False, UPDATE),
    (samples.TABLE, "streamViewType", "KEYS_ONLY", UPDATE),
    (samples.TABLE, "serverSideEncryption", {"enabled": True}, UPDATE),
    (samples.TABLE, "onDemandThroughput", {"maxReadRequestUnits": 9, "maxWriteRequestUnits": 5}, UPDATE),
    (samples.TABLE, "onDemandThroughput", {"maxReadRequestUnits": -1, "maxWriteRequestUnits": 5}, UPDATE),
    (samples.TABLE, "ttl", {"attributeName": "expires_at", "enabled": False}, UPDATE),
    (samples.TABLE, "tags", {"tee:owner": "you"}, UPDATE),
    (samples.TABLE, "tags", GONE, UPDATE),
    (samples.TABLE, "region", "eu-west-1", REPLACE),
    # the real provider's silent no-ops
    (samples.TABLE, "ttl", GONE, NOTHING),
    (samples.TABLE, "pointInTimeRecovery", GONE, NOTHING),
    (samples.TABLE, "onDemandThroughput", GONE, NOTHING),
    (samples.TABLE, "streamViewType", GONE, NOTHING),
    (samples.TABLE, "attributes", [{"name": name, "type": "N"} for name in ("pk", "sk", "date")], NOTHING),
    (samples.TABLE, "localSecondaryIndexes", [{"name": "local", "rangeKey": "pk", "projectionType": "ALL"}], NOTHING),
    (samples.TABLE, "readCapacity", 5, NOTHING),
    (samples.TABLE, "globalSecondaryIndexes", "reordered keys are other keys", UPDATE),
    (samples.RESOURCE_POLICY, "resourceArn", "arn:other", REPLACE),
    (samples.RESOURCE_POLICY, "policy", samples.policy("a:b"), UPDATE),
    # IAM: internal/service/iam/role.go, role_policy.go, policy.go, role_policy_attachment.go
    (samples.ROLE, "name", "other", REPLACE),
    (samples.ROLE, "path", "/other/", REPLACE),
    (samples.ROLE, "assumeRolePolicy", samples.assume("1"), UPDATE),
    (samples.ROLE, "description", "d", UPDATE),
    (samples.ROLE, "maxSessionDuration", 7200, UPDATE),
    (samples.ROLE, "permissionsBoundary", GONE, UPDATE),
    (samples.ROLE_POLICY, "name", "other", REPLACE),
    (samples.ROLE_POLICY, "role", "other", REPLACE),
    (samples.ROLE_POLICY, "policy", samples.policy("a:b"), UPDATE),
    (samples.POLICY, "name", "other", REPLACE),
    (samples.POLICY, "path", "/other/", REPLACE),
    (samples.POLICY, "description", "d", REPLACE),
    (samples.POLICY, "policy", samples.policy("a:b"), UPDATE),
    (samples.ATTACHMENT, "role", "other", REPLACE),
    (samples.ATTACHMENT, "policyArn", "arn:other", REPLACE),
    # SSM: as in internal/service/ssm/parameter.go
    (samples.PARAMETER, "name", "/other", REPLACE),
    (samples.PARAMETER, "value", "other", UPDATE),
    (samples.PARAMETER, "type", "StringList", UPDATE),
    (samples.PARAMETER, "tier", "Advanced", UPDATE),
    # SNS: internal/service/sns/topic.go, topic_policy.go, topic_subscription.go
    (samples.TOPIC, "name", "other", REPLACE),
    (samples.TOPIC, "fifoTopic", True, REPLACE),
    (samples.TOPIC, "displayName", "E", UPDATE),
    (samples.TOPIC, "kmsMasterKeyId", "alias/aws/sns", UPDATE),
    (samples.TOPIC_POLICY, "arn", "arn:other", REPLACE),
    (samples.TOPIC_POLICY, "policy", samples.policy("a:b"), UPDATE),
    (samples.SUBSCRIPTION, "topic", "arn:other", REPLACE),
    (samples.SUBSCRIPTION, "protocol", "sqs", REPLACE),
    (samples.SUBSCRIPTION, "endpoint", "b@example.com", REPLACE),
    (samples.SUBSCRIPTION, "filterPolicy", '{"a": ["b"]}', UPDATE),
    # CloudWatch and Logs: metric_alarm.go, dashboard.go, internal/service/logs/group.go, metric_filter.go
    (samples.ALARM, "name", "other", REPLACE),
    (samples.ALARM, "threshold", 11, UPDATE),
    (samples.ALARM, "dimensions", {"TableName": "other"}, UPDATE),
    (samples.ALARM, "alarmActions", GONE, UPDATE),
    (samples.DASHBOARD, "dashboardName", "other", REPLACE),
    (samples.DASHBOARD, "dashboardBody", '{"widgets":[],"start":"-PT1H"}', UPDATE),
    (samples.DASHBOARD, "dashboardBody", '{\n  "widgets": []\n}', NOTHING),
    (samples.LOG_GROUP, "name", "/other", REPLACE),
    (samples.LOG_GROUP, "retentionInDays", 60, UPDATE),
    (samples.LOG_GROUP, "logGroupClass", "INFREQUENT_ACCESS", REPLACE),
    (samples.METRIC_FILTER, "name", "other", REPLACE),
    (samples.METRIC_FILTER, "logGroupName", "/other", REPLACE),
    (samples.METRIC_FILTER, "pattern", "y", UPDATE),
    # KMS: internal/service/kms/key.go, alias.go
    (samples.KEY, "description", "other", UPDATE),
    (samples.KEY, "keyUsage", "SIGN_VERIFY", REPLACE),
    (samples.KEY, "customerMasterKeySpec", "RSA_2048", REPLACE),
    (samples.KEY, "multiRegion", True, REPLACE),
    (samples.KEY, "enableKeyRotation", False, UPDATE),
    (samples.KEY, "deletionWindowInDays", 7, UPDATE),
    (samples.ALIAS, "name", "alias/other", REPLACE),
    (samples.ALIAS, "targetKeyId", "other", UPDATE),
    (samples.ALIAS, "targetKeyId", "arn:aws:kms:us-east-1:000000000000:key/needed", NOTHING),
    # S3: internal/service/s3/bucket*.go
    (samples.BUCKET, "bucket", "other", REPLACE),
    (samples.BUCKET, "objectLockEnabled", False, REPLACE),
    (samples.BUCKET, "objectLockEnabled", GONE, NOTHING),
    (samples.BUCKET, "forceDestroy", True, UPDATE),
    (samples.VERSIONING, "bucket", "other", REPLACE),
    (samples.VERSIONING, "versioningConfiguration", {"status": "Suspended"}, UPDATE),
    (samples.VERSIONING, "expectedBucketOwner", "000000000000", REPLACE),
    (samples.PUBLIC_ACCESS, "bucket", "other", REPLACE),
    (samples.PUBLIC_ACCESS, "blockPublicAcls", False, UPDATE),
    (samples.BUCKET_POLICY, "bucket", "other", REPLACE),
    (samples.ENCRYPTION, "bucket", "other", REPLACE),
    (samples.LIFECYCLE, "bucket", "other", REPLACE),
    (samples.OBJECT_LOCK, "bucket", "other", REPLACE),
    (samples.OWNERSHIP, "bucket", "other", REPLACE),
    # recorded only
    (samples.BUDGET, "name", "other", REPLACE),
    (samples.BUDGET, "limitAmount", "20", UPDATE),
    (samples.BUDGET, "limitAmount", "10.0", NOTHING),
    (samples.TRAIL, "name", "other", REPLACE),
    (samples.TRAIL, "s3BucketName", "other", UPDATE),
    (samples.RULE, "name", "other", REPLACE),
    (samples.RULE, "eventBusName", "other", REPLACE),
    (samples.RULE, "eventPattern", '{"source": ["x"]}', UPDATE),
    (samples.TARGET, "rule", "other", REPLACE),
    (samples.TARGET, "targetId", "other", REPLACE),
    (samples.TARGET, "arn", "arn:other", UPDATE),
]


@pytest.mark.parametrize(("token", "name", "value", "expected"), EXPECTED)
def test_a_change_does_what_the_real_provider_does(token: str, name: str, value: Any, expected: str) -> None:
    kind = RESOURCE_TYPES[token]
    said, _ = sample(token, "x")
    state = {key: rule.default for key, rule in kind.properties.items() if rule.default is not None} | said
    state |= {"region": "us-east-1"} if "region" in kind.properties else {}
    news = {key: kept for key, kept in said.items() if key != name} | ({} if value is GONE else {name: value})
    if value == "reordered keys are other keys":
        index = said[name][0]
        news[name] = [index | {"keySchemas": index["keySchemas"][::-1]}]
    planned = plan(kind, state, {**news, "__defaults": []})
    happens = REPLACE if planned.replaces else UPDATE if planned.differences else NOTHING
    assert happens == expected
    assert {difference.property for difference in planned.differences} <= {name}


def test_a_fixed_name_goes_before_it_comes_again_and_a_made_up_one_does_not() -> None:
    kind = RESOURCE_TYPES[samples.TABLE]
    state = samples.table("x")
    assert plan(kind, state, {**state, "hashKey": "id", "__defaults": []}).delete_first
    assert not plan(kind, state, {**state, "hashKey": "id", "__defaults": ["name"]}).delete_first
    assert not plan(kind, state, {**state, "name": "other", "__defaults": []}).delete_first


def test_versioning_cannot_be_taken_back() -> None:
    kind = RESOURCE_TYPES[samples.VERSIONING]
    state, _ = sample(samples.VERSIONING, "x")
    with pytest.raises(OperationFailedError, match="cannot be updated from 'Enabled' to 'Disabled'"):
        plan(kind, state, state | {"versioningConfiguration": {"status": "Disabled"}})


def test_what_the_program_ignores_is_no_difference() -> None:
    kind = RESOURCE_TYPES[samples.PARAMETER]
    state, _ = sample(samples.PARAMETER, "x")
    assert plan(kind, state, {**state, "value": "other"}, ("value",)).differences == ()
    assert plan(kind, state, {**state, "tags": {"a": "c"}}, ("tags.a",)).differences == ()
