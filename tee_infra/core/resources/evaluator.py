"""IAM's evaluation of one request, as far as the project's policies use it.

An explicit Deny in any policy wins. Otherwise a role needs an Allow in its own policy and one in its boundary.
Rules: "Policy evaluation logic" and "IAM JSON policy elements: Condition operators" in the IAM user guide. A second
engine agrees with it (`test_matrix.py`); an element or operator that no policy here uses is an error, not a guess.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from tee_infra.core.times import parse_time

Document = Mapping[str, Any]
Statement = Mapping[str, Any]


class UnsupportedPolicyError(Exception):
    """A policy with an element that this evaluation does not know."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call: by whom (an ARN), what, on what, and what AWS knows about it."""

    principal: str
    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def is_allowed(
    request: Request, identity: Document, boundary: Document | None = None, resource_policy: Document | None = None
) -> bool:
    """Whether a role with these policies may make the request. The resource's policy is one without any Allow."""
    own = [policy for policy in (identity, boundary) if policy is not None]
    denying = [*own, resource_policy] if resource_policy is not None else own
    if any(_applies(statement, request) for policy in denying for statement in _statements(policy, "Deny")):
        return False
    return all(any(_applies(statement, request) for statement in _statements(policy, "Allow")) for policy in own)


def is_denied(request: Request, resource_policy: Document) -> bool:
    """Whether a resource's own policy denies the request.

    Raises `UnsupportedPolicyError`, also for what is no policy.
    """
    try:
        denying = _statements(resource_policy, "Deny")
        for statement in denying:
            for element in statement.keys() & {"NotPrincipal", "NotResource"}:
                raise UnsupportedPolicyError(element)
        return any(_applies(statement, request) for statement in denying)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UnsupportedPolicyError(str(error)) from None


def is_trusted(request: Request, trust: Document) -> bool:
    """Whether a role's trust policy lets the principal make the request, such as `sts:AssumeRole`."""
    if any(_applies(statement, request) for statement in _statements(trust, "Deny")):
        return False
    return any(_applies(statement, request) for statement in _statements(trust, "Allow"))


def matches(pattern: str, value: str) -> bool:
    """IAM's wildcards: `*` any characters, `?` one. A `[` means itself."""
    if "*" not in pattern and "?" not in pattern:
        return pattern == value
    return fnmatchcase(value, pattern.replace("[", "[[]"))


def _statements(policy: Document, effect: str) -> list[Statement]:
    statements = policy["Statement"]
    listed = [statements] if isinstance(statements, Mapping) else statements
    return [statement for statement in listed if statement["Effect"] == effect]


def _applies(statement: Statement, request: Request) -> bool:
    named = any(
        matches(action.lower(), request.action.lower())
        for action in many(statement.get("Action") or statement["NotAction"])
    )
    return (
        named is ("Action" in statement)
        and any(matches(resource, request.resource) for resource in many(statement.get("Resource", "*")))
        and ("Principal" not in statement or _is_principal(statement["Principal"], request.principal))
        and all(
            _holds(operator, key, many(values), {"aws:PrincipalArn": request.principal, **request.context})
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _is_principal(principal: Any, arn: str) -> bool:
    if principal == "*":
        return True
    for value in (value for values in principal.values() for value in many(values)):
        if value in ("*", arn):
            return True
        # An account stands for everybody in it, by its ARN or its number; a service has no ARN.
        if value.endswith(":root") and arn.startswith(value.removesuffix("root")):
            return True
        if value.isdecimal() and arn.split(":")[4] == value:
            return True
    return False


def _holds(operator: str, key: str, wanted: Sequence[str], context: Mapping[str, str]) -> bool:
    """A condition on a key that the request does not have: false, but true if it is negated or `IfExists`."""
    plain = operator.removesuffix("IfExists")
    value = context.get(key)
    if operator == "Null":
        return wanted == [str(value is None).lower()]
    if value is None and operator.startswith("ForAllValues:"):
        return True  # of no values, each one is as wanted
    if value is None:
        if plain not in OPERATORS and plain not in NEGATED:
            raise UnsupportedPolicyError(operator)
        return plain != operator or plain in NEGATED
    if plain in NEGATED:
        return not any(NEGATED[plain](value, one) for one in wanted)
    if plain not in OPERATORS:
        raise UnsupportedPolicyError(operator)
    return any(OPERATORS[plain](value, one) for one in wanted)


OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "ArnEquals": lambda value, wanted: matches(wanted, value),
    "ArnLike": lambda value, wanted: matches(wanted, value),
    "ForAnyValue:StringEquals": lambda value, wanted: value == wanted,
    "ForAllValues:StringEquals": lambda value, wanted: value == wanted,
    "ForAllValues:StringLike": lambda value, wanted: matches(wanted, value),
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
    "DateEquals": lambda value, wanted: _moment(value) == _moment(wanted),
    "DateGreaterThan": lambda value, wanted: _moment(value) > _moment(wanted),
    "DateGreaterThanEquals": lambda value, wanted: _moment(value) >= _moment(wanted),
    "DateLessThan": lambda value, wanted: _moment(value) < _moment(wanted),
    "DateLessThanEquals": lambda value, wanted: _moment(value) <= _moment(wanted),
    "NumericLessThan": lambda value, wanted: float(value) < float(wanted),
    "StringEquals": lambda value, wanted: value == wanted,
    "StringLike": lambda value, wanted: matches(wanted, value),
}
NEGATED: dict[str, Callable[[str, str], bool]] = {
    "ArnNotEquals": OPERATORS["ArnEquals"],
    "ArnNotLike": OPERATORS["ArnLike"],
    "DateNotEquals": OPERATORS["DateEquals"],
    "StringNotEquals": OPERATORS["StringEquals"],
    "StringNotLike": OPERATORS["StringLike"],
}


def _moment(text: str) -> float:
    """Seconds since 1970, of a number of them or of ISO 8601 in UTC."""
    return float(text) if text.replace(".", "", 1).isdecimal() else parse_time(text).timestamp()


def many(value: str | bool | float | Sequence[str]) -> Sequence[str]:
    """IAM writes a list of one as plain text, and takes JSON's truth values and numbers for their text."""
    if isinstance(value, (bool, int, float)):
        return [str(value).lower()]
    return [value] if isinstance(value, str) else value
