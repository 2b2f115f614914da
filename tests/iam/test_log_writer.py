"""The role with which CloudTrail writes its log events, which is nobody's to take but the trail's."""

import pytest

from tee_infra.core.environments import parse_environment
from tee_infra.core.resources import access, audit_trail
from tee_infra.core.resources.evaluator import Request, is_allowed, is_trusted
from tests.support.iam_roles import ACCOUNT, REGION, arns

OWN = arns("prod")
CLOUDTRAIL = "cloudtrail.amazonaws.com"
THIS_TRAIL = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": OWN.trail}
STREAM = f"{OWN.log_group('audit')}:log-stream:{ACCOUNT}_CloudTrail_{REGION}"


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("logs:CreateLogStream", STREAM, True),
        ("logs:PutLogEvents", STREAM + "_3", True),
        ("logs:PutLogEvents", f"{arns('staging').log_group('audit')}:log-stream:{ACCOUNT}_CloudTrail_{REGION}", False),
        ("logs:DeleteLogGroup", OWN.log_group("audit"), False),
        ("dynamodb:GetItem", OWN.tables[0], False),
    ],
)
def test_it_adds_events_and_no_more(action: str, resource: str, allowed: bool) -> None:
    boundary = access.boundary(parse_environment("prod"), OWN)
    request = Request(principal=OWN.role("audit"), action=action, resource=resource)

    assert is_allowed(request, audit_trail.log_writer_permissions(OWN), boundary) is allowed


@pytest.mark.parametrize(
    ("service", "context", "trusted"),
    [
        (CLOUDTRAIL, THIS_TRAIL, True),
        (CLOUDTRAIL, THIS_TRAIL | {"aws:SourceArn": arns("staging").trail}, False),
        (CLOUDTRAIL, {}, False),
        ("lambda.amazonaws.com", THIS_TRAIL, False),
    ],
)
def test_only_this_trail_takes_it(service: str, context: dict[str, str], trusted: bool) -> None:
    request = Request(principal=service, action="sts:AssumeRole", resource=OWN.role("audit"), context=context)

    assert is_trusted(request, audit_trail.log_writer_trust(OWN)) is trusted
