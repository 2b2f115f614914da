"""The matrix, through the project's evaluator and through a second engine that nobody here wrote."""

from typing import Any

import pytest

from tee_infra.core.resources.evaluator import Request, is_allowed
from tests.iam.matrix import Row, rows
from tests.iam.matrix_pipelines import pipeline_rows
from tests.iam.matrix_slots import slot_rows
from tests.iam.matrix_state import state_rows
from tests.support.iam_roles import ACCOUNT, RolePolicies, resource_policy, role_policies
from tests.support.iam_simulator import simulate

ROWS = [*rows(), *pipeline_rows(), *state_rows(), *slot_rows()]
SEVERAL = "kms:ResourceAliases"
"""The only key here with more than one value, which the second engine wants as a list."""

UNKNOWN = "kms:EncryptionContext:"
"""Keys that the second engine leaves out of a request: it knows variable parts of a key after a slash only."""


def requested(row: Row, role: RolePolicies) -> Request:
    # What AWS says about every call by a role of this account; a row's own context comes on top.
    usual = {
        "aws:PrincipalAccount": ACCOUNT,
        "aws:PrincipalArn": role.arn,
        "aws:PrincipalIsAWSService": "false",
        "aws:SecureTransport": "true",
    }
    return Request(principal=role.arn, action=row.action, resource=row.resource, context={**usual, **row.context})


@pytest.mark.parametrize(("environment", "role"), sorted({row[:2] for row in ROWS}))
def test_each_row_of_a_role_holds(environment: str, role: str) -> None:
    assert [row for row in ROWS if row[:2] == (environment, role) and may(row) is not row.allowed] == []


def may(row: Row) -> bool:
    role = role_policies(row.environment, row.role, slots=row.slots)
    table_policy = resource_policy(row.environment, row.resource, row.slots)
    return is_allowed(requested(row, role), role.permissions, role.boundary, table_policy)


def test_a_second_engine_agrees_on_every_row() -> None:
    rows = [row for row in ROWS if not any(key.startswith(UNKNOWN) for key in row.context)]

    results = simulate([simulation(row) for row in rows])

    wrong = [(row, result) for row, result in zip(rows, results, strict=True) if (result == "Allowed") != row.allowed]
    assert not wrong
    assert set(results) <= {"Allowed", "ExplicitlyDenied", "ImplicitlyDenied"}


def simulation(row: Row) -> dict[str, Any]:
    role = role_policies(row.environment, row.role, slots=row.slots)
    request = requested(row, role)
    return {
        "request": {
            "principal": role.arn,
            "action": row.action,
            "resource": {"resource": row.resource, "accountId": ACCOUNT},
            "contextVariables": {key: [value] if key == SEVERAL else value for key, value in request.context.items()},
        },
        "identityPolicies": [{"name": row.role, "policy": role.permissions}],
        "permissionBoundaryPolicies": [{"name": "boundary", "policy": role.boundary}],
        "resourcePolicy": resource_policy(row.environment, row.resource, row.slots),
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
    }
