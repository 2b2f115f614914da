"""Commands in this process, and all that they ask AWS for, held against the roles that docs/access.md names for them.

Both ways to AWS are listened to: botocore's clients, and the data engine's own transport. The engine's and its
provider's requests are not among them: `tests/iam/matrix_state.py` has the engine's files, and
`tests/iam/matrix.py` the provider's actions.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient

from tee_infra.aws.dynamodb_raw import RawLane
from tee_infra.aws.raw_settings import PreparedError
from tee_infra.core.environments import parse_environment
from tee_infra.core.resources.evaluator import Request, is_allowed
from tests.support.iam_recorder import leading_key, request_of
from tests.support.iam_roles import ACCOUNT, REGION, arns, resource_policy, role_policies

ADMINISTRATOR = "administrator"
NO_AWS = "-"
EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Call:
    """One request as IAM sees it. `context` is sorted, so that equal calls are one."""

    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()


TRANSACTED = {"ConditionCheck": "ConditionCheckItem", "Put": "PutItem"}
"""What a transaction does, as IAM calls it."""


@dataclass(frozen=True)
class Row:
    """A command line of the table, and the roles that run it: (environment, role), or the administrator."""

    line: str
    roles: tuple[tuple[str, str], ...]


def rows(page: Path) -> list[Row]:
    """The table of commands in docs/access.md. `prod's migrator, dev's migrator` are two roles."""
    found: list[Row] = []
    for line, roles in _ROW.findall(page.read_text().partition("## Commands")[2]):
        named = [] if roles.strip() == NO_AWS else roles.strip().split(", ")
        pairs = [("", ADMINISTRATOR) if one == ADMINISTRATOR else tuple(one.split("'s ")) for one in named]
        found.append(Row(line, tuple(pairs)))  # pyright: ignore
    return found


@dataclass
class Recorder:
    """What is asked for while `on`."""

    calls: set[Call] = field(default_factory=set[Call])
    on: bool = True

    def note(self, service: str, operation: str, params: Mapping[str, Any]) -> None:
        # Whose a key is may be asked by any identity; a shard's iterator was given to one that may read the stream.
        if not self.on or service == "sts" or "ShardIterator" in params:
            return
        for name in params.get("RequestItems", {}):
            self.calls.add(Call(f"dynamodb:{operation}", arns_table(name)))
        for item in params.get("TransactItems", ()):  # IAM asks for the right of each of them
            for kind, one in item.items():
                self.note(service, TRANSACTED[kind], one)
        if "TransactItems" in params:
            return
        if service == "kms":  # asked by bootstrap only, which an administrator runs
            self.calls.add(Call(f"kms:{operation}", "*"))
        elif "RequestItems" not in params:
            self.calls.add(Call(*request_of(service, operation, params), _tag_keys(params) or _leading_key(params)))
        if params.get("WithDecryption"):
            self.calls.add(Call("kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/aws", _through_ssm(params["Name"])))


def record(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    through, send = BaseClient._make_api_call, RawLane.send  # pyright: ignore

    def call(client: Any, operation: str, params: Any) -> Any:
        sent = True
        try:
            return through(client, operation, params)
        except PreparedError:
            sent = False
            raise
        finally:
            if sent:
                recorder.note(client.meta.service_model.service_id.hyphenize(), operation, params)

    def send_raw(lane: RawLane, operation: str, body: bytes) -> None:
        recorder.note("dynamodb", operation, json.loads(body))
        send(lane, operation, body)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    monkeypatch.setattr(RawLane, "send", send_raw)
    return recorder


def denied(calls: set[Call], roles: tuple[tuple[str, str], ...], slots: tuple[str, ...] = ()) -> list[Call]:
    """The calls that the role of their end may not make: of a resource of a named environment, its own role.

    `slots` are those that production's settings name.
    """
    return sorted(
        (call for call in calls if not any(_may(call, *role, slots) for role in _of_end(call, roles))),
        key=lambda call: (call.action, call.resource),
    )


def arns_table(name: str) -> str:
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"


def _of_end(call: Call, roles: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    own = tuple(
        (environment, role) for environment, role in roles if environment and _is_of(call.resource, environment)
    )
    return own or roles


def _is_of(resource: str, environment: str) -> bool:
    known = arns(environment)
    return resource.startswith((*known.tables, known.parameter()))


def _may(call: Call, environment: str, role: str, slots: tuple[str, ...]) -> bool:
    if role == ADMINISTRATOR:
        principal, permissions, boundary = f"arn:aws:iam::{ACCOUNT}:role/admin", EVERYTHING, None
    else:
        policies = role_policies(environment, role, **({"slots": slots} if environment == "prod" else {}))
        principal, permissions, boundary = policies.arn, policies.permissions, policies.boundary
    usual = {
        "aws:PrincipalAccount": ACCOUNT,
        "aws:PrincipalArn": principal,
        "aws:PrincipalIsAWSService": "false",
        "aws:SecureTransport": "true",
        "iam:PermissionsBoundary": arns("dev").boundary,  # as on every role that the program makes
    }
    request = Request(
        principal=principal, action=call.action, resource=call.resource, context={**usual, **dict(call.context)}
    )
    return is_allowed(request, permissions, boundary, _policy_of(call.resource))


def _policy_of(resource: str) -> Mapping[str, Any] | None:
    for environment in ("prod", "prod-v2"):
        if parse_environment(environment).kind.production and _is_of(resource, environment):
            return resource_policy(environment, resource)
    return None


def _tag_keys(params: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    keys = [*(tag["Key"] for tag in params.get("Tags", []) if isinstance(tag, dict)), *params.get("TagKeys", [])]
    return tuple(("aws:TagKeys", key) for key in keys[:1])


def _leading_key(params: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return (("dynamodb:LeadingKeys", key),) if (key := leading_key(params)) else ()


def _through_ssm(name: str) -> tuple[tuple[str, str], ...]:
    return (
        ("kms:EncryptionContext:PARAMETER_ARN", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{name}"),
        ("kms:ResourceAliases", "alias/aws/ssm"),
        ("kms:ViaService", f"ssm.{REGION}.amazonaws.com"),
    )
