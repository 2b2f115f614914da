"""Who may take a role."""

from typing import NamedTuple

import pytest

from tee_infra.core.resources.evaluator import Request, is_trusted
from tests.support.iam_roles import ACCOUNT, PERSON, REGION, role_policies
from tests.support.iam_simulator import simulate

STRANGER = "arn:aws:iam::210987654321:user/mallory"
GITHUB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
ISSUER = "token.actions.githubusercontent.com"
HERE = {"aws:RequestedRegion": REGION}
"""The endpoint of STS that is asked. The global one counts as us-east-1."""

REASONS = {
    **HERE,
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
    Row("prod", "break-glass", PERSON, False, {**REASONS, "aws:RequestedRegion": "eu-west-3"}),
    Row("prod", "break-glass", STRANGER, False, REASONS),
]
PRIVILEGED = "acme/tee-admin:environment:prod-privileged"
JOBS = [
    Row("prod", "deployer", GITHUB, True, job("acme/tee-admin:environment:prod")),
    *(
        Row("prod", role, GITHUB, role == whose, {**HERE, **job(f"acme/tee-admin:environment:{environment}")})
        for role, environment, whose in (
            ("deployer", "prod", "deployer"),
            ("privileged-deployer", "prod-privileged", "privileged-deployer"),
            ("privileged-deployer", "prod", "deployer"),
            ("deployer", "prod-privileged", "privileged-deployer"),
        )
    ),
    Row("prod", "privileged-deployer", GITHUB, False, job("acme/tee-admin:environment:prod-privileged")),
    *(
        Row("prod", "privileged-deployer", GITHUB, False, {**job(PRIVILEGED), "aws:RequestedRegion": region})
        for region in ("eu-west-3", "us-east-2", "")
    ),
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


IDS = {"repository_id": "456", "repository_owner_id": "123"}
NUMBERED = "acme@123/tee-admin@456"
WORKFLOW = "acme/tee-admin/.github/workflows/deploy.yml@refs/heads/main"


def claims(repository: str, environment: str = "prod", **more: str) -> dict[str, str]:
    return job(f"{repository}:environment:{environment}") | {f"{ISSUER}:{name}": more[name] for name in more}


def is_trusted_job(role: str, environment: str, context: dict[str, str], **settings: str) -> bool:
    policies = role_policies(environment, role, **settings)
    action = "sts:AssumeRoleWithWebIdentity"
    return is_trusted(Request(principal=GITHUB, action=action, resource=policies.arn, context=context), policies.trust)


@pytest.mark.parametrize("settings", [IDS, {"repository": NUMBERED}], ids=["ids", "numbered"])
@pytest.mark.parametrize(
    ("context", "trusted"),
    [
        (claims("acme/tee-admin", repository_id="456"), True),  # a repository that was created before 2026-07-15
        (claims(NUMBERED, repository_id="456"), True),
        (claims("acme/tee-admin", repository_id="457"), False),  # the name, given to another repository
        (claims("acme/tee-admin"), False),
        (claims(NUMBERED), False),
        (claims("acme@123/tee-admin@457", repository_id="457"), False),
        (claims("acme@124/tee-admin@456", repository_id="456"), False),
        (claims("acme@123/tee-admin", repository_id="456"), False),
        (claims("acme/tee-admin@456", repository_id="456"), False),
        (claims("mallory@123/tee-admin@456", repository_id="456"), False),
        (claims(NUMBERED, "prod-v2", repository_id="456"), False),
        (claims(NUMBERED, "*", repository_id="456"), False),
        (job(f"{NUMBERED}:ref:refs/heads/main") | {f"{ISSUER}:repository_id": "456"}, False),
        (job(f"{NUMBERED}:pull_request") | {f"{ISSUER}:repository_id": "456"}, False),
    ],
)
def test_a_repository_with_numbers_is_known_by_both_spellings_and_by_its_number(
    settings: dict[str, str], context: dict[str, str], trusted: bool
) -> None:
    assert is_trusted_job("deployer", "prod", context, **settings) is trusted


@pytest.mark.parametrize("repository", [NUMBERED, "acme@1/tee-admin@2"])
def test_without_its_numbers_a_repository_is_known_by_its_name_only(repository: str) -> None:
    assert not is_trusted_job("deployer", "prod", claims(repository, repository_id="456"))


@pytest.mark.parametrize(
    ("reference", "trusted"),
    [
        (WORKFLOW, True),
        (WORKFLOW.replace("main", "feature/x"), False),
        (WORKFLOW.replace("deploy", "other"), False),
        (None, False),
    ],
)
def test_a_named_workflow_is_the_only_one_that_deploys(reference: str | None, trusted: bool) -> None:
    context = claims("acme/tee-admin", **({"job_workflow_ref": reference} if reference else {}))
    assert is_trusted_job("deployer", "prod", context, job_workflow_ref=WORKFLOW) is trusted


def test_cleanup_is_another_workflow_than_the_named_one() -> None:
    assert is_trusted_job("cleanup", "dev", claims("acme/tee-admin", "dev-cleanup"), job_workflow_ref=WORKFLOW)


@pytest.mark.parametrize("settings", [{}, IDS, IDS | {"job_workflow_ref": WORKFLOW}], ids=str)
@pytest.mark.parametrize(("environment", "role"), [("prod", "deployer"), ("dev", "deployer"), ("dev", "cleanup")])
def test_no_condition_on_a_job_has_a_wildcard(environment: str, role: str, settings: dict[str, str]) -> None:
    (statement,) = role_policies(environment, role, **settings).trust["Statement"]
    assert statement["Condition"].keys() == {"StringEquals"}
    assert not any(sign in str(statement["Condition"]) for sign in "*?$")


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
