"""IAM policy documents as plain data, read by reviewers, by the evaluator in the tests and by AWS."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Statement = dict[str, Any]
Document = dict[str, Any]
Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]
Principal = str | Mapping[str, str | Sequence[str]]

EVERYTHING: Final = ["*"]
"""The resource of actions that take none, and of key policies. A contract test lists every action it is used for."""


def allow(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[str] = (),
    *,
    principal: Principal | None = None,
    conditions: Conditions | None = None,
) -> Statement:
    """An Allow statement. Trust policies have a principal and no resource, resource policies both."""
    return _statement({"Sid": sid, "Effect": "Allow"}, actions, resources, principal, conditions)


def deny(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[str] = (),
    *,
    principal: Principal | None = None,
    conditions: Conditions | None = None,
) -> Statement:
    """A Deny statement: it wins over every Allow, and applies only where all its conditions hold."""
    return _statement({"Sid": sid, "Effect": "Deny"}, actions, resources, principal, conditions)


def deny_all_but(
    sid: str, actions: Sequence[str], resources: Sequence[str], *, conditions: Conditions | None = None
) -> Statement:
    """A Deny of every action on the resources, except `actions`."""
    statement = _statement({"Sid": sid, "Effect": "Deny"}, actions, resources, None, conditions)
    statement["NotAction"] = statement.pop("Action")
    return statement


def with_actions(statement: Statement, keep: Callable[[str], bool]) -> Statement | None:
    """The statement with those of its actions that `keep` accepts; None if none is left."""
    kept = [action for action in actions_of(statement) if keep(action)]
    return {**statement, "Action": _one_or_many(kept)} if kept else None


def actions_of(statement: Statement) -> list[str]:
    """The actions that a statement names."""
    actions: str | list[str] = statement["Action"]
    return [actions] if isinstance(actions, str) else actions


def only_encrypted(bucket: str) -> Statement:
    """A bucket policy's Deny of plain HTTP. `bucket` is its ARN."""
    everything = [bucket, f"{bucket}/*"]
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    return deny("OnlyEncrypted", ["s3:*"], everything, principal="*", conditions=plain)


def document(*statements: Statement) -> Document:
    """A policy of the current language version."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def render(policy: Document) -> str:
    """The policy as JSON text, in the form that the aws provider keeps in a stack's state."""
    return json.dumps(policy, separators=(",", ":"), sort_keys=True)


def _statement(
    head: Statement,
    actions: Sequence[str],
    resources: Sequence[str],
    principal: Principal | None,
    conditions: Conditions | None,
) -> Statement:
    statement = head if principal is None else {**head, "Principal": principal}
    statement["Action"] = _one_or_many(actions)
    if resources:
        statement["Resource"] = _one_or_many(resources)
    if conditions:
        statement["Condition"] = {
            operator: {key: _one_or_many(values) for key, values in keys.items()}
            for operator, keys in conditions.items()
        }
    return statement


def _one_or_many(values: str | Sequence[str]) -> str | list[str]:
    """AWS returns a list of one element as plain text; written like that, a read back shows no difference."""
    if isinstance(values, str):
        return values
    return values[0] if len(values) == 1 else list(values)
