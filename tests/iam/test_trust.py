"""Who may take a role."""

from typing import NamedTuple

import pytest

from tests.support.iam_evaluator import Request, is_trusted
from tests.support.iam_roles import ACCOUNT, PERSON, role_policies
from tests.support.iam_simulator import simulate

STRANGER = "arn:aws:iam::210987654321:user/mallory"
GITHUB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
ISSUER = "token.actions.githubusercontent.com"
REASONS = {
    "aws:MultiFactorAuthAge": "60",
    "aws:MultiFactorAuthPresent": "true",
    "aws:RequestTag/Ticket": "OPS-1",
    "sts:SourceIdentity": "alex",
}


class Row(NamedTuple):
    environment: str
    role: str
    principal: str
    trusted: bool
    context: dict[str, str] = {}  # noqa: RUF012 - never changed


def job(subject: str, audience: str = "sts.amazonaws.com") -> dict[str, str]:
    return {f"{ISSUER}:aud": audience, f"{ISSUER}:sub": f"repo:{subject}"}


def without(key: str) -> dict[str, str]:
    return {name: value for name, value in REASONS.items() if name != key}


PEOPLE = [
    Row("dev", "developer", PERSON, True),
    Row("dev", "developer", STRANGER, False),
    Row("staging", "migrator", PERSON, True),
    Row("prod", "migrator", PERSON, True, REASONS),
    Row("prod", "migrator", PERSON, False),
    Row("prod", "migrator", PERSON, False, {"aws:MultiFactorAuthPresent": "false"}),
    Row("prod", "break-glass", PERSON, True, REASONS),
    Row("prod", "break-glass", PERSON, True, {**REASONS, "aws:MultiFactorAuthAge": "899"}),
    Row("prod", "break-glass", PERSON, False, {**REASONS, "aws:MultiFactorAuthAge": "900"}),
    Row("prod", "break-glass", PERSON, False, {**REASONS, "aws:RequestTag/Ticket": ""}),
    *(
        Row("prod", "break-glass", PERSON, False, without(key))
        for key in REASONS
        if key != "aws:MultiFactorAuthPresent"
    ),
    Row("prod", "break-glass", STRANGER, False, REASONS),
]
JOBS = [
    Row("prod", "deployer", GITHUB, True, job("acme/tee-admin:environment:prod")),
    Row("prod", "deployer", GITHUB, False, job("acme/tee-admin:environment:dev")),
    Row("prod", "deployer", GITHUB, False, job("acme/tee-admin:environment:prod-v2")),
    Row("prod", "deployer", GITHUB, False, job("acme/tee-admin:ref:refs/heads/main")),
    Row("prod", "deployer", GITHUB, False, job("acme/tee-admin:pull_request")),
    Row("prod", "deployer", GITHUB, False, job("mallory/tee-admin:environment:prod")),
    Row("prod", "deployer", GITHUB, False, job("acme/tee-admin:environment:prod", audience="elsewhere")),
    Row("prod", "deployer", GITHUB, False),
    Row("dev", "cleanup", GITHUB, True, job("acme/tee-admin:environment:dev-cleanup")),
    Row("dev", "cleanup", GITHUB, False, job("acme/tee-admin:environment:dev")),
    Row("dev", "deployer", GITHUB, False, job("acme/tee-admin:environment:dev-cleanup")),
]


@pytest.mark.parametrize("row", [*PEOPLE, *JOBS], ids=str)
def test_each_row_holds(row: Row) -> None:
    role = role_policies(row.environment, row.role)
    action = "sts:AssumeRoleWithWebIdentity" if row.principal == GITHUB else "sts:AssumeRole"

    request = Request(principal=row.principal, action=action, resource=role.arn, context=row.context)

    assert is_trusted(request, role.trust) is row.trusted


@pytest.mark.parametrize("action", ["sts:SetSourceIdentity", "sts:TagSession"])
def test_a_reason_can_be_given_with_the_emergency_role(action: str) -> None:
    role = role_policies("prod", "break-glass")

    assert is_trusted(Request(principal=PERSON, action=action, resource=role.arn, context=REASONS), role.trust)


def test_a_second_engine_agrees_on_people() -> None:
    rows = [row for row in PEOPLE if row.principal == PERSON]

    results = simulate([simulation(row) for row in rows])

    wrong = [(row, result) for row, result in zip(rows, results, strict=True) if (result == "Allowed") != row.trusted]
    assert not wrong


def simulation(row: Row) -> dict[str, object]:
    role = role_policies(row.environment, row.role)
    may_assume = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": [role.arn]}
    return {
        "request": {
            "principal": row.principal,
            "action": "sts:AssumeRole",
            "resource": {"resource": role.arn, "accountId": ACCOUNT},
            "contextVariables": {"aws:PrincipalAccount": ACCOUNT, **row.context},
        },
        "identityPolicies": [{"name": "own", "policy": {"Version": "2012-10-17", "Statement": [may_assume]}}],
        "resourcePolicy": role.trust,
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
    }
