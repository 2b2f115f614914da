"""Policies of tables that are enforced for data calls, and their changes that take effect later.

moto 5.2.5 keeps policies and looks at none, forgets the one of `CreateTable`, and keeps that of a deleted table for the
next one of its name. Only denials count, as no identity has policies here that are enforced. Callers are sessions of
roles and IAM users; the embedded AWS's own credentials are those of an operator whom no policy restrains. Sources:
"Resource-based policies" in DynamoDB's guide, the reference of `PutResourcePolicy` (eventually consistent) and of
`GetResourcePolicy` (a policy of `CreateTable` is strong).
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from moto.core.exceptions import JsonRESTError
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from tee_infra.core.resources.evaluator import Request, UnsupportedPolicyError, is_denied
from tee_infra.core.times import render_time
from tee_infra.local.clock import clock
from tee_infra.local.pidfile import ACCOUNT_ID

Handle = Callable[[Any], Any]
_PARTS: Final = {
    "Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}  # fmt: skip
_STATEMENTS: Final = {"select": "PartiQLSelect", "insert": "PartiQLInsert", "update": "PartiQLUpdate"}
"""What a PartiQL statement begins with; others delete."""


@dataclass(slots=True)
class PolicyChanges:
    """`delay`: seconds before a change takes effect. `_pending`: by table ARN, when, and the policy until then."""

    delay: float = 0.0
    _pending: dict[str, list[tuple[float, str | None]]] = field(
        default_factory=dict[str, "list[tuple[float, str | None]]"]
    )

    def note(self, arn: str, before: str | None) -> None:
        """A policy changes now; requests are judged by the one `before` until the delay has passed."""
        if self.delay:
            self._pending.setdefault(arn, []).append((time.monotonic() + self.delay, before))

    def are_pending(self) -> bool:
        """Whether an older policy may be in force."""
        return bool(self._pending)

    def in_force(self, arn: str, newest: str | None) -> str | None:
        """The policy by which a request is judged now."""
        if arn not in self._pending:
            return newest
        waiting = self._pending[arn] = [each for each in self._pending[arn] if each[0] > time.monotonic()]
        return waiting[0][1] if waiting else newest

    def forget(self, arn: str) -> None:
        """The table is gone, or new."""
        self._pending.pop(arn, None)

    def clear(self) -> None:
        """Every change is in force, and the next ones are at once."""
        self.delay = 0.0
        self._pending.clear()


changes = PolicyChanges()
"""The process's own."""


class DeniedError(JsonRESTError):
    """As DynamoDB words it."""

    def __init__(self, caller: str, action: str, resource: str, reason: str) -> None:
        super().__init__(
            "com.amazon.coral.service#AccessDeniedException",
            f"User: {caller} is not authorized to perform: {action} on resource: {resource} {reason}",
        )


def apply(backend: Any, handler: Any) -> None:
    """Change moto's classes."""
    backend.put_resource_policy = _noting(backend.put_resource_policy)
    backend.delete_resource_policy = _noting(backend.delete_resource_policy)
    handler.create_table, handler.delete_table = _creating(handler.create_table), _deleting(handler.delete_table)


def require_allowed(handler: Any, operation: str) -> None:
    """Raise `DeniedError` for a data request that a table's policy denies to its caller."""
    backend = handler.dynamodb_backend
    if not backend.resource_policies and not changes.are_pending():
        return
    caller = _caller(handler.access_key)
    if caller is None:
        return
    for name, action, index in _asked(handler, operation):
        table = backend.tables.get(name.rpartition("/")[2])
        if table is None:
            continue
        policy = backend.resource_policies.get(table.table_arn)
        text = changes.in_force(table.table_arn, policy.policy_doc if policy else None)
        if text is not None:
            resource = f"{table.table_arn}/index/{index}" if index else table.table_arn
            _judge(text, caller, f"dynamodb:{action}", resource)


def _judge(text: str, caller: tuple[str, str], action: str, resource: str) -> None:
    session, principal = caller
    now = clock.now()
    context = {
        "aws:PrincipalArn": principal,
        "aws:CurrentTime": render_time(datetime.fromtimestamp(now, UTC)),
        "aws:EpochTime": str(int(now)),
        "aws:PrincipalAccount": ACCOUNT_ID,
        "aws:PrincipalIsAWSService": "false",
        "aws:SecureTransport": "true",  # of a connection that does not leave this machine
    }
    try:
        policy = json.loads(text)
        denied = any(
            is_denied(Request(principal=one, action=action, resource=resource, context=context), policy)
            for one in (principal, session)  # a policy may name either
        )
    except (UnsupportedPolicyError, ValueError) as error:
        reason = f"because the embedded AWS cannot evaluate the table's policy: {error}"
        raise DeniedError(session, action, resource, reason) from None
    if denied:
        raise DeniedError(session, action, resource, "with an explicit deny in a resource-based policy")


def _caller(access_key: str) -> tuple[str, str] | None:
    """(ARN of the session or user, ARN of the role or user); None for the embedded AWS's own credentials."""
    for account in list(sts_backends.values()):
        for backend in list(account.values()):
            for role in list(backend.assumed_roles):
                if role.access_key_id == access_key:
                    return role.arn, role.role_arn
    user = iam_backends[ACCOUNT_ID]["aws"].get_user_from_access_key_id(access_key)
    return (user.arn, user.arn) if user else None


def _asked(handler: Any, operation: str) -> Iterator[tuple[str, str, str | None]]:
    """The tables of a data request by name or ARN, what is done with each, and the index of a query or scan."""
    body = handler.body
    for part in body.get("TransactItems", ()):
        for kind, asked in part.items():
            yield asked["TableName"], _PARTS[kind], None
    action = "".join(word.capitalize() for word in operation.split("_"))
    for name in body.get("RequestItems", ()):
        yield name, action, None
    if "TableName" in body:
        yield body["TableName"], action, body.get("IndexName")
    statements = body.get("Statements") or body.get("TransactStatements") or [body]
    for statement in [each["Statement"] for each in statements if "Statement" in each]:
        verb = statement.split(maxsplit=1)[0].lower() if statement.strip() else ""
        for name in handler.dynamodb_backend.tables:
            if name in statement:
                yield name, _STATEMENTS.get(verb, "PartiQLDelete"), None


def _noting(change: Callable[..., Any]) -> Callable[..., Any]:
    def change_and_note(backend: Any, resource_arn: str, *arguments: Any, **named: Any) -> Any:
        before = backend.resource_policies.get(resource_arn)
        answer = change(backend, resource_arn, *arguments, **named)
        if backend.resource_policies.get(resource_arn) is not before:
            changes.note(resource_arn, before.policy_doc if before else None)
        return answer

    return change_and_note


def _creating(create: Handle) -> Handle:
    def create_with_policy(handler: Any) -> Any:
        body = handler.body
        answer = create(handler)
        arn = handler.dynamodb_backend.get_table(body["TableName"]).table_arn
        if body.get("ResourcePolicy"):
            handler.dynamodb_backend.put_resource_policy(
                resource_arn=arn, policy_doc=body["ResourcePolicy"], expected_revision_id=None
            )
        changes.forget(arn)
        return answer

    return create_with_policy


def _deleting(delete: Handle) -> Handle:
    def delete_with_policy(handler: Any) -> Any:
        backend = handler.dynamodb_backend
        table = backend.tables.get(handler.body["TableName"].rpartition("/")[2])
        answer = delete(handler)
        if table is not None:
            backend.resource_policies.pop(table.table_arn, None)
            changes.forget(table.table_arn)
        return answer

    return delete_with_policy
