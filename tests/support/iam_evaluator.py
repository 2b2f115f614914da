"""IAM's evaluation of one request, as far as the project's policies use it.

An explicit Deny in any policy wins. Otherwise a role needs an Allow in its own policy and one in its boundary.
Rules: "Policy evaluation logic" and "IAM JSON policy elements: Condition operators" in the IAM user guide. A second
engine agrees with it (`test_matrix.py`); an operator that no policy here uses is an error, not a guess.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

Document = Mapping[str, Any]
Statement = Mapping[str, Any]


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
    return [statement for statement in policy["Statement"] if statement["Effect"] == effect]


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
        # An account stands for everybody in it; a service has no ARN.
        if value.endswith(":root") and arn.startswith(value.removesuffix("root")):
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
        return plain != operator or plain in NEGATED
    if plain in NEGATED:
        return not any(NEGATED[plain](value, one) for one in wanted)
    return any(OPERATORS[plain](value, one) for one in wanted)


OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "ArnEquals": lambda value, wanted: matches(wanted, value),
    "ArnLike": lambda value, wanted: matches(wanted, value),
    "ForAnyValue:StringEquals": lambda value, wanted: value == wanted,
    "ForAllValues:StringEquals": lambda value, wanted: value == wanted,
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
    "NumericLessThan": lambda value, wanted: float(value) < float(wanted),
    "StringEquals": lambda value, wanted: value == wanted,
    "StringLike": lambda value, wanted: matches(wanted, value),
}
NEGATED: dict[str, Callable[[str, str], bool]] = {
    "ArnNotEquals": OPERATORS["ArnEquals"],
    "StringNotEquals": OPERATORS["StringEquals"],
    "StringNotLike": OPERATORS["StringLike"],
}


def many(value: str | Sequence[str]) -> Sequence[str]:
    """IAM writes a list of one as plain text."""
    return [value] if isinstance(value, str) else value
