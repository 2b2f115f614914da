"""Whatever policies the roles of an environment are given, nothing outside it changes, and nothing that limits them."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tee_infra.core.environments import parse_environment
from tee_infra.core.resources.evaluator import matches
from tests.support.iam_escalation import (
    EVERYTHING,
    GUARDED,
    PIPELINES,
    Boundaries,
    Effect,
    boundaries,
    forbidden,
    iam_writes,
    may,
    rewritten,
)
from tests.support.iam_roles import ACCOUNT, arns
from tests.support.iam_simulator import simulate

STANDING = {
    "prod": boundaries("prod"),
    "prod with prod-v2 and prod-v3": boundaries("prod", ("prod-v2", "prod-v3")),
    "prod with legacy": boundaries("prod", ("legacy",)),
    "prod-v2": boundaries("prod-v2"),
    "staging": boundaries("staging"),
    "dev": boundaries("dev"),
}
"""Environments, production with the slots that its settings name."""


@pytest.mark.parametrize("which", STANDING)
def test_rewritten_roles_reach_nothing_outside_and_no_limit(which: str) -> None:
    assert list(forbidden(which.split(maxsplit=1)[0], STANDING[which])) == []


@pytest.mark.parametrize("which", STANDING)
def test_no_guarded_role_is_rewritten(which: str) -> None:
    environment = which.split(maxsplit=1)[0]
    reached, kind = rewritten(environment, STANDING[which]), parse_environment(environment).kind

    assert reached & set(GUARDED) == {name for name in GUARDED if name.endswith("deployer")} & set(
        kind.roles
    )  # the start
    assert {"app", "developer", "migrator", "made"} <= reached


@pytest.mark.parametrize("which", STANDING)
def test_no_role_has_all_of_iam(which: str) -> None:
    assert "iam:*" not in str(STANDING[which])


@pytest.mark.parametrize("which", STANDING)
def test_everything_is_allowed_only_where_there_is_neither_access_nor_a_file(which: str) -> None:
    own, bounds = arns(which.split(maxsplit=1)[0]), STANDING[which]
    policies = (bounds.pipelines, bounds.others)
    wide = [
        one for policy in policies for one in policy["Statement"] if one["Effect"] == "Allow" and one["Action"] == "*"
    ]

    assert {arn.split(":")[2] for one in wide for arn in one["Resource"]} & {"iam", "sts"} == set()
    assert not any(matches(arn, f"{own.audit_bucket}/AWSLogs/x") for one in wide for arn in one["Resource"])
    assert [one["Resource"] for one in wide if "*" in one["Resource"]] == []


def all_weaker(bounds: Boundaries) -> Iterator[tuple[str, Boundaries]]:
    for what, policy in weaker(bounds.pipelines):
        yield f"pipelines-{what}", bounds._replace(pipelines=policy)
    for what, policy in weaker(bounds.others):
        yield f"others-{what}", bounds._replace(others=policy)


def weaker(policy: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The policy without one Deny, or without one condition of an Allow."""
    statements = policy["Statement"]
    for at, statement in enumerate(statements):
        before, after = statements[:at], statements[at + 1 :]
        if statement["Effect"] == "Deny":
            yield statement["Sid"], {"Statement": [*before, *after]}
            continue
        for operator in statement.get("Condition", {}):
            kept = {name: keys for name, keys in statement["Condition"].items() if name != operator}
            loose = statement | {"Condition": kept}
            yield f"{statement['Sid']}-{operator}", {"Statement": [*before, loose, *after]}


@pytest.mark.parametrize(
    ("environment", "left_out"), [(name, left) for name in ("prod", "dev") for left, _ in all_weaker(boundaries(name))]
)
def test_no_deny_and_no_condition_is_decoration(environment: str, left_out: str) -> None:
    assert next(forbidden(environment, dict(all_weaker(boundaries(environment)))[left_out]), None) is not None


WIDER = (
    "table/prod-v*-tee-*",
    "table/prod-v?-tee-*",
    "table/prod-v2*",
    "table/*tee-admin",
    "table/tee-*",
    "table/tee-admin*",
)


@pytest.mark.parametrize("pattern", WIDER)
def test_a_pattern_for_slots_reaches_too_much(pattern: str) -> None:
    """Every shorter way to write the reach, each found by the same effects."""
    bounds = STANDING["prod with prod-v2 and prod-v3"]
    (slots,) = [one for one in bounds.others["Statement"] if one["Sid"] == "Slots"]
    wider = slots | {"Resource": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:{pattern}"}
    others = {"Statement": [wider if one is slots else one for one in bounds.others["Statement"]]}

    assert next(forbidden("prod", bounds._replace(others=others)), None) is not None


def test_a_second_engine_agrees_on_writes_of_access() -> None:
    own = arns("prod")
    effects = [
        Effect(role, action, target, (("iam:PermissionsBoundary", bound),))
        for role in ("deployer", "privileged-deployer", "app")
        for action in iam_writes()
        for target in (own.role("app"), own.role("deployer"), own.boundary, own.pipeline_boundary)
        for bound in (own.boundary, own.pipeline_boundary)
        if ("Role" in action) is (":role/" in target)
    ]

    results = simulate([simulation(effect) for effect in effects])

    ours = [may("prod", boundaries("prod"), effect) for effect in effects]
    theirs = [result == "Allowed" for result in results]
    assert [(effect, one) for effect, one, two in zip(effects, ours, theirs, strict=True) if one is not two] == []
    assert any(ours)
    assert {effect.role for effect, one in zip(effects, ours, strict=True) if one} <= set(PIPELINES)


def simulation(effect: Effect) -> dict[str, Any]:
    own = arns("prod")
    return {
        "request": {
            "principal": own.role(effect.role),
            "action": effect.action,
            "resource": {"resource": effect.resource, "accountId": ACCOUNT},
            "contextVariables": {
                "aws:PrincipalAccount": ACCOUNT,
                "aws:PrincipalArn": own.role(effect.role),
                **dict(effect.context),
            },
        },
        "identityPolicies": [{"name": "own", "policy": {"Version": "2012-10-17", **EVERYTHING}}],
        "permissionBoundaryPolicies": [{"name": "boundary", "policy": boundaries("prod").of(effect.role)}],
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
    }
