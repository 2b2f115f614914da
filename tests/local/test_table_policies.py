"""A table's policy is enforced for the data calls of roles and users, and its changes may take time."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tee_infra.core.arns import Arns
from tee_infra.core.resources import access
from tee_infra.core.times import render_time
from tee_infra.local import ACCOUNT_ID, EmbeddedAws, send_control
from tests.local.clients import client, make_table

TABLE = "fenced"
KEY = {"pk": {"S": "a"}}
ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT_ID}:table/{TABLE}"
ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/"
SET = {"UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": {"N": "2"}}}
WRITES = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"]


def policy(*statements: dict[str, Any]) -> str:
    denied = {"Effect": "Deny", "Principal": "*", "Resource": [ARN, f"{ARN}/index/*"], "Action": "dynamodb:*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [denied | statement for statement in statements]})


FENCE = policy({"Action": [f"dynamodb:{action}" for action in WRITES], "Principal": {"AWS": f"{ROLE}app"}})


def as_role(running: EmbeddedAws, name: str, path: str = "/") -> Any:
    """A client with the session of a role."""
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam = client(running, "iam")
    if name not in {role["RoleName"] for role in iam.list_roles()["Roles"]}:
        iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=trust)
    session = client(running, "sts").assume_role(RoleArn=f"{ROLE}{path[1:]}{name}", RoleSessionName="test")[
        "Credentials"
    ]
    return keyed(running, session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])


def keyed(running: EmbeddedAws, *keys: str) -> Any:
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    given = dict(zip(names, keys, strict=False))
    return boto3.client("dynamodb", endpoint_url=running.endpoint, region_name=running.region, **given)


@pytest.fixture
def owner(running: EmbeddedAws) -> Iterator[Any]:
    make_table(
        running,
        TABLE,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    yield client(running, "dynamodb")
    send_control(running, "clear")
    send_control(running, "reset")
    client(running, "dynamodb").delete_table(TableName=TABLE)


@pytest.fixture
def app(running: EmbeddedAws) -> Any:
    return as_role(running, "app")


def put_policy(owner: Any, text: str) -> None:
    owner.put_resource_policy(ResourceArn=ARN, Policy=text)


def is_denied(call: Callable[..., Any], **arguments: Any) -> bool:
    try:
        call(TableName=TABLE, **arguments)
    except ClientError as error:
        return error.response["Error"]["Code"] == "AccessDeniedException"
    return False


def may_write(dynamodb: Any) -> bool:
    return not is_denied(dynamodb.put_item, Item=KEY)


CALLS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "PutItem": ("PutItem", lambda one: one.put_item(TableName=TABLE, Item=KEY)),
    "UpdateItem": ("UpdateItem", lambda one: one.update_item(TableName=ARN, Key=KEY, **SET)),
    "DeleteItem": ("DeleteItem", lambda one: one.delete_item(TableName=TABLE, Key=KEY)),
    "GetItem": ("GetItem", lambda one: one.get_item(TableName=TABLE, Key=KEY)),
    "Scan": ("Scan", lambda one: one.scan(TableName=TABLE)),
    "Query": (
        "Query",
        lambda one: one.query(
            TableName=TABLE, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "a"}}
        ),
    ),
    "BatchGetItem": ("BatchGetItem", lambda one: one.batch_get_item(RequestItems={TABLE: {"Keys": [KEY]}})),
    "BatchWriteItem": (
        "BatchWriteItem",
        lambda one: one.batch_write_item(RequestItems={TABLE: [{"PutRequest": {"Item": KEY}}]}),
    ),
    "a put in a transaction": (
        "PutItem",
        lambda one: one.transact_write_items(TransactItems=[{"Put": {"TableName": TABLE, "Item": KEY}}]),
    ),
    "a check in a transaction": (
        "ConditionCheckItem",
        lambda one: one.transact_write_items(
            TransactItems=[
                {
                    "ConditionCheck": {
                        "TableName": TABLE,
                        "Key": {"pk": {"S": "absent"}},
                        "ConditionExpression": "attribute_not_exists(pk)",
                    }
                }
            ]
        ),
    ),
    "a get in a transaction": (
        "GetItem",
        lambda one: one.transact_get_items(TransactItems=[{"Get": {"TableName": TABLE, "Key": KEY}}]),
    ),
    "PartiQL": ("PartiQLSelect", lambda one: one.execute_statement(Statement=f'SELECT * FROM "{TABLE}"')),
}


@pytest.mark.parametrize("case", CALLS)
def test_a_denied_action_is_refused_and_no_other(owner: Any, app: Any, case: str) -> None:
    action, call = CALLS[case]
    put_policy(owner, policy({"Action": f"dynamodb:{action}"}))
    with pytest.raises(ClientError) as refused:
        call(app)
    error = refused.value.response["Error"]
    assert error["Code"] == "AccessDeniedException"
    assert error["Message"] == (
        f"User: arn:aws:sts::{ACCOUNT_ID}:assumed-role/app/test is not authorized to perform: dynamodb:{action} "
        f"on resource: {ARN} with an explicit deny in a resource-based policy"
    )
    call(owner)  # the embedded AWS's own credentials
    others = [f"dynamodb:{other}" for other, _ in CALLS.values() if other != action]
    put_policy(owner, policy({"Action": others}))
    call(app)


def test_the_principal_is_the_role_or_user_of_the_caller(running: EmbeddedAws, owner: Any, app: Any) -> None:
    iam = client(running, "iam")
    if "alex" not in {user["UserName"] for user in iam.list_users()["Users"]}:
        iam.create_user(UserName="alex")
    key = iam.create_access_key(UserName="alex")["AccessKey"]
    callers = {
        "app": app,
        "other": as_role(running, "other"),
        "alex": keyed(running, key["AccessKeyId"], key["SecretAccessKey"]),
    }
    user, session = f"arn:aws:iam::{ACCOUNT_ID}:user/alex", f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/app/test"
    unlike = {"ArnNotEquals": {"aws:PrincipalArn": [f"{ROLE}app", user]}}
    cases: list[tuple[dict[str, Any], set[str]]] = [
        ({"Principal": {"AWS": f"{ROLE}app"}}, {"app"}),
        ({"Principal": {"AWS": session}}, {"app"}),
        ({"Principal": {"AWS": [user, f"{ROLE}other"]}}, {"other", "alex"}),
        ({"Principal": {"AWS": ACCOUNT_ID}}, {"app", "other", "alex"}),
        ({"Condition": unlike}, {"other"}),
        ({"Condition": {"ArnLike": {"aws:PrincipalArn": f"{ROLE}a*"}}}, {"app"}),
        ({"Condition": {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT_ID}}}, set()),
        ({"Resource": f"{ARN}/index/*"}, set()),
        ({"Effect": "Allow"}, set()),
    ]
    for statement, wanted in cases:
        put_policy(owner, policy(statement))
        assert {name for name, caller in callers.items() if not may_write(caller)} == wanted, statement


def test_production_tables_are_scanned_by_their_migrator_only(running: EmbeddedAws, owner: Any) -> None:
    arns = Arns(account_id=ACCOUNT_ID, region="us-east-1", environment="prod")
    put_policy(owner, access.render(access.table_policy(arns, ARN)))
    migrator, app = (as_role(running, f"prod-tee-{role}", "/tee/prod/") for role in ("migrator", "app"))
    assert not is_denied(migrator.scan)
    assert is_denied(app.scan)
    assert may_write(app)


def test_a_probe_tells_a_fence_from_an_open_table(owner: Any, app: Any) -> None:
    probe = {"Key": KEY, **SET, "ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(pk)"}
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        app.update_item(TableName=TABLE, **probe)
    put_policy(owner, FENCE)
    assert is_denied(app.update_item, **probe)
    assert not is_denied(app.get_item, Key=KEY)
    owner.delete_resource_policy(ResourceArn=ARN)
    assert may_write(app)


@pytest.mark.parametrize("operator", ["DateGreaterThan", "DateLessThan"])
def test_a_fence_is_armed_by_the_moved_clock(running: EmbeddedAws, owner: Any, app: Any, operator: str) -> None:
    at = render_time(datetime.now(UTC) + timedelta(hours=1))
    put_policy(owner, policy({"Condition": {operator: {"aws:CurrentTime": at}}}))
    assert may_write(app) is (operator == "DateGreaterThan")
    send_control(running, "move", seconds=2 * 3600)
    assert may_write(app) is (operator == "DateLessThan")
    send_control(running, "reset")
    assert may_write(app) is (operator == "DateGreaterThan")


def test_a_change_takes_effect_after_the_delay(running: EmbeddedAws, owner: Any, app: Any) -> None:
    seconds = 0.5
    assert send_control(running, "delay policies", seconds=seconds)["policy_delay_seconds"] == seconds
    put_policy(owner, FENCE)
    began = time.monotonic()
    assert owner.get_resource_policy(ResourceArn=ARN)["Policy"] == FENCE
    while may_write(app):
        assert time.monotonic() - began < 10
        time.sleep(0.02)
    assert time.monotonic() - began >= seconds - 0.1
    owner.delete_resource_policy(ResourceArn=ARN)
    assert not may_write(app)
    time.sleep(seconds)
    assert may_write(app)
    put_policy(owner, FENCE)
    assert may_write(app)
    send_control(running, "clear")
    assert not may_write(app)


def test_the_policy_of_create_table_is_strong_and_goes_with_its_table(
    running: EmbeddedAws, owner: Any, app: Any
) -> None:
    send_control(running, "delay policies", seconds=60)
    owner.delete_table(TableName=TABLE)
    make_table(running, TABLE, ResourcePolicy=FENCE)
    assert not may_write(app)
    owner.delete_resource_policy(ResourceArn=ARN)  # takes a minute
    assert not may_write(app)
    owner.delete_table(TableName=TABLE)
    make_table(running, TABLE)
    assert may_write(app)


@pytest.mark.parametrize(
    "statement", [{"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}, {"NotPrincipal": {"AWS": "*"}}]
)
def test_what_cannot_be_evaluated_denies_and_says_so(owner: Any, app: Any, statement: dict[str, Any]) -> None:
    put_policy(owner, policy(statement))
    with pytest.raises(ClientError, match=r"cannot evaluate the table's policy: (IpAddress|NotPrincipal)"):
        app.put_item(TableName=TABLE, Item=KEY)
    owner.put_item(TableName=TABLE, Item=KEY)


def test_a_late_write_was_allowed_when_it_was_sent(running: EmbeddedAws, owner: Any, app: Any) -> None:
    send_control(running, "late", table=TABLE, percent=100, seconds=0.5)
    with pytest.raises(ConnectionClosedError):
        app.put_item(TableName=TABLE, Item=KEY)
    send_control(running, "clear")
    put_policy(owner, FENCE)
    assert is_denied(app.put_item, Item=KEY)
    due = time.monotonic() + 10
    while not owner.scan(TableName=TABLE)["Count"]:
        assert time.monotonic() < due
        time.sleep(0.02)
