import json
from typing import Any

import pytest
from moto.events.models import EventPattern

from tests.support.recording import ACCOUNT, Run, record, standard

BUCKET = f"prod-tee-audit-{ACCOUNT}-us-east-1"
TRAIL = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/prod-tee-audit"
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/prod-tee-admin"


def only(run: Run, type_: str) -> dict[str, Any]:
    (found,) = run.of(type_)
    return found.inputs


def fields(run: Run) -> list[dict[str, Any]]:
    """Each selector of the trail as field -> the operator and its values."""
    return [
        {
            one["field"]: {key: value for key, value in one.items() if key != "field"}
            for one in selector["fieldSelectors"]
        }
        for selector in only(run, "Trail")["advancedEventSelectors"]
    ]


@pytest.mark.parametrize(("stack", "trails"), [("prod", 1), ("prod-v2", 1), ("staging", 0), ("dev", 0)])
def test_production_is_audited(stack: str, trails: int) -> None:
    assert len(standard(stack).of("Trail")) == trails


def test_the_trail_records_calls_on_items_and_streams() -> None:
    management, items, streams = fields(standard("prod"))

    assert management == {"eventCategory": {"equals": ["Management"]}}
    assert items["eventCategory"] == streams["eventCategory"] == {"equals": ["Data"]}
    assert items["resources.type"] == {"equals": ["AWS::DynamoDB::Table"]}
    assert streams["resources.type"] == {"equals": ["AWS::DynamoDB::Stream"]}
    assert items["resources.ARN"]["startsWiths"][0] == TABLE
    assert streams["resources.ARN"]["startsWiths"][0] == f"{TABLE}/stream/"
    assert len(items["resources.ARN"]["startsWiths"]) == 3
    assert "userIdentity.arn" not in items


def test_the_apps_own_calls_can_be_left_out() -> None:
    sessions = {"notStartsWiths": [f"arn:aws:sts::{ACCOUNT}:assumed-role/prod-tee-app/"]}

    _, items, streams = fields(record("prod", {"audit": "non_app"}))

    assert items["userIdentity.arn"] == streams["userIdentity.arn"] == sessions


def test_in_a_slot_the_app_is_production_s() -> None:
    """The app keeps its role in a switch: its calls are no other caller's."""
    sessions = [f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}-tee-app/" for name in ("prod-v2", "prod")]

    _, items, _ = fields(record("prod-v2", {"audit": "non_app"}))
    pattern = only(standard("prod-v2"), "LogMetricFilter")["pattern"]

    assert items["userIdentity.arn"] == {"notStartsWiths": sessions}
    others = " && ".join(
        f'($.userIdentity.sessionContext.sessionIssuer.arn != "arn:aws:iam::{ACCOUNT}:role/tee/{name}/{name}-tee-app")'
        for name in ("prod-v2", "prod")
    )
    assert f"sessionIssuer.arn NOT EXISTS) || ({others})" in pattern
    assert len(pattern) <= 1024


def test_the_trail_is_validated_encrypted_and_waits_for_what_it_needs() -> None:
    run = standard("prod")
    (trail,) = run.of("Trail")

    assert trail.inputs["enableLogFileValidation"] is True
    assert trail.inputs["kmsKeyId"] == "arn:of:audit-key"
    assert trail.inputs["s3BucketName"] == BUCKET
    assert trail.inputs["cloudWatchLogsGroupArn"] == "arn:of:audit-log:*"
    waits_for = {urn.split("::")[-1] for urn in trail.depends_on}
    assert {"audit-bucket-policy", "audit-log-writer-policy"} <= waits_for


def test_the_bucket_keeps_a_year_and_lets_nobody_in() -> None:
    run = standard("prod")

    assert only(run, "Bucket") == {"bucket": BUCKET, "objectLockEnabled": True}
    assert only(run, "BucketVersioning")["versioningConfiguration"] == {"status": "Enabled"}
    lock = run.of("BucketObjectLockConfiguration")[0]
    assert lock.inputs["rule"] == {"defaultRetention": {"mode": "GOVERNANCE", "days": 365}}
    assert any("audit-bucket-versioning" in urn for urn in lock.depends_on)
    block = only(run, "BucketPublicAccessBlock")
    assert all(value for key, value in block.items() if key != "bucket")
    assert only(run, "BucketOwnershipControls")["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    (rule,) = only(run, "BucketServerSideEncryptionConfiguration")["rules"]
    assert rule["bucketKeyEnabled"] is True
    assert rule["applyServerSideEncryptionByDefault"] == {
        "sseAlgorithm": "aws:kms",
        "kmsMasterKeyId": "arn:of:audit-key",
    }


def test_nothing_expires_while_it_is_locked() -> None:
    (rule,) = only(standard("prod"), "BucketLifecycleConfiguration")["rules"]

    assert rule["expiration"]["days"] > 365
    assert rule["filter"] == {"prefix": "AWSLogs/"}


def test_only_this_trail_writes_and_only_encrypted() -> None:
    policy = json.loads(only(standard("prod"), "BucketPolicy")["policy"])

    insecure, *trail = policy["Statement"]
    assert (insecure["Effect"], insecure["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    for statement in trail:
        assert statement["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        assert statement["Condition"]["StringEquals"]["aws:SourceArn"] == TRAIL


def test_the_filter_also_sees_callers_without_a_role() -> None:
    pattern = only(standard("prod"), "LogMetricFilter")["pattern"]

    assert "sessionIssuer.arn NOT EXISTS" in pattern
    assert f'!= "arn:aws:iam::{ACCOUNT}:role/tee/prod/prod-tee-app"' in pattern
    assert len(pattern) <= 1024


def test_other_callers_raise_an_alarm() -> None:
    run = standard("prod")
    (alarm,) = [r.inputs for r in run.of("MetricAlarm") if r.name == "audit-other-callers-alarm"]
    transformation = only(run, "LogMetricFilter")["metricTransformation"]

    assert (alarm["namespace"], alarm["metricName"]) == (transformation["namespace"], transformation["name"])
    assert "dimensions" not in alarm


def called(event_name: str, role: str, **of_caller: str) -> dict[str, Any]:
    """An event of CloudTrail on EventBridge, after the records in the IAM user guide ("Logging IAM and AWS STS API
    calls with AWS CloudTrail")."""
    return {
        "version": "0",
        "source": "aws.sts",
        "detail-type": "AWS API Call via CloudTrail",
        "account": ACCOUNT,
        "region": "us-east-1",
        "detail": {
            "eventVersion": "1.08",
            "userIdentity": of_caller,
            "eventSource": "sts.amazonaws.com",
            "eventName": event_name,
            "awsRegion": "us-east-1",
            "requestParameters": {
                "roleArn": f"arn:aws:iam::{ACCOUNT}:role/tee/prod/prod-tee-{role}",
                "roleSessionName": "GitHubActions",
                "durationSeconds": 3600,
            },
            "readOnly": True,
            "eventType": "AwsApiCall",
            "managementEvent": True,
        },
    }


@pytest.mark.parametrize(
    ("event", "reported"),
    [
        (called("AssumeRoleWithWebIdentity", "privileged-deployer", type="WebIdentityUser"), True),
        (called("AssumeRole", "break-glass", type="IAMUser", userName="alex"), True),
        (called("AssumeRole", "break-glass", type="IAMUser") | {"errorCode": "AccessDenied"}, True),
        (called("AssumeRole", "privileged-deployer", type="AssumedRole"), True),
        (called("AssumeRoleWithWebIdentity", "deployer", type="WebIdentityUser"), False),
        (called("AssumeRole", "developer", type="IAMUser"), False),
    ],
    ids=lambda value: value if isinstance(value, bool) else value["detail"]["requestParameters"]["roleArn"][-12:],
)
def test_a_privileged_session_is_reported(event: dict[str, Any], reported: bool) -> None:
    run = standard("prod")
    rule = only(run, "EventRule")

    assert EventPattern.load(rule["eventPattern"]).matches_event(event) is reported
    assert rule["state"] == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    assert only(run, "EventTarget")["arn"] == "arn:of:monitoring-topic"


def test_the_topic_lets_that_rule_publish() -> None:
    run = standard("prod")
    rules = [
        statement["Condition"]["ArnEquals"]["aws:SourceArn"]
        for statement in json.loads(only(run, "TopicPolicy")["policy"])["Statement"]
        if "ArnEquals" in statement["Condition"]
    ]

    assert [rule.rpartition("/")[2] for rule in rules] == [only(run, "EventRule")["name"]]


@pytest.mark.parametrize("settings", [{"alarms": False}, {"audit": "off"}], ids=str)
def test_where_nothing_would_report_its_use_there_is_no_privileged_deployer(settings: dict[str, Any]) -> None:
    made = {role.name for role in record("prod", settings).of("Role")}

    assert "access-deployer" in made
    assert "access-privileged-deployer" not in made


def test_without_alarms_it_still_records() -> None:
    run = record("prod", {"alarms": False})

    assert len(run.of("Trail")) == len(run.of("LogMetricFilter")) == 1
    assert run.of("MetricAlarm") == run.of("EventRule") == run.of("EventTarget") == []


def test_an_environment_without_break_glass_can_be_audited_too() -> None:
    run = record("staging", {"audit": "all"})

    assert len(run.of("Trail")) == 1
    assert run.of("EventRule") == []
    assert len(run.of("Key")) == 1
