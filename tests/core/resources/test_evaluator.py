"""Denials of a resource's own policy: what AWS's policy elements mean, and what is no guess."""

from typing import Any

import pytest

from tee_infra.core.resources.evaluator import Request, UnsupportedPolicyError, is_denied

ROLE = "arn:aws:iam::000000000000:role/app"
NOON, BEFORE, AFTER = "2026-12-01T12:00:00Z", "2026-12-01T11:59:59Z", "2026-12-01T12:00:01Z"
EPOCH = "1796126400"


def denied(statement: dict[str, Any], **context: str) -> bool:
    given = {name.replace("_", ":"): value for name, value in context.items()}
    request = Request(principal=ROLE, action="dynamodb:PutItem", resource="arn:table/t", context=given)
    whole = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:PutItem", "Resource": "arn:table/t"}
    return is_denied(request, {"Statement": [whole | statement]})


@pytest.mark.parametrize(
    ("operator", "holds"),
    [
        ("DateEquals", (False, True, False)),
        ("DateNotEquals", (True, False, True)),
        ("DateLessThan", (True, False, False)),
        ("DateLessThanEquals", (True, True, False)),
        ("DateGreaterThan", (False, False, True)),
        ("DateGreaterThanEquals", (False, True, True)),
    ],
)
@pytest.mark.parametrize("written", [NOON, EPOCH, "2026-12-01T13:00:00+01:00"])
def test_times_are_compared_however_they_are_written(operator: str, holds: tuple[bool, ...], written: str) -> None:
    condition = {"Condition": {operator: {"aws:CurrentTime": written}}}
    assert tuple(denied(condition, aws_CurrentTime=now) for now in (BEFORE, NOON, AFTER)) == holds


@pytest.mark.parametrize(
    ("statement", "wanted"),
    [
        ({}, True),
        ({"Effect": "Allow"}, False),
        ({"Action": "dynamodb:Get*"}, False),
        ({"Resource": "arn:table/t/index/*"}, False),
        ({"Principal": {"AWS": "000000000000"}}, True),
        ({"Principal": {"AWS": "111111111111"}}, False),
        ({"Condition": {"Bool": {"aws:SecureTransport": False}}}, False),
        ({"Condition": {"Bool": {"aws:SecureTransport": True}}}, True),
        ({"Condition": {"DateLessThan": {"aws:CurrentTime": NOON}}}, False),  # the request has no such key
        ({"Condition": {"DateLessThanIfExists": {"aws:CurrentTime": NOON}}}, True),
    ],
)
def test_a_statement_denies_what_it_names(statement: dict[str, Any], wanted: bool) -> None:
    assert denied(statement, aws_SecureTransport="true") is wanted


def test_a_policy_may_be_one_statement() -> None:
    request = Request(principal=ROLE, action="dynamodb:PutItem", resource="arn:table/t")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
    assert is_denied(request, {"Statement": deny})


@pytest.mark.parametrize(
    "statement",
    [
        {"NotPrincipal": {"AWS": "*"}},
        {"NotResource": "*"},
        {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
        {"Condition": {"StringEqualsIgnoreCase": {"aws:SecureTransport": "TRUE"}}},
        {"Condition": {"DateLessThan": {"aws:SecureTransport": "noon"}}},
        {"Condition": [1]},
        {"Principal": 1},
    ],
)
def test_what_is_not_known_is_an_error(statement: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedPolicyError):
        denied(statement, aws_SecureTransport="true")
