"""What the pipelines' commands ask AWS for is what their roles may do: on moto, each call held against the policies.

The engine and its provider do not ask through boto3: `tests/iam/matrix_state.py` has the engine's files.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from tee_infra.core import names
from tee_infra.core.cleanup.decision import Policy
from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.lifecycle.transitions import CreateRequest
from tee_infra.core.pulumi_state.files import checkpoint_file, locks_folder
from tee_infra.core.resources import access
from tee_infra.core.resources.evaluator import Request, is_allowed
from tee_infra.workflows.cleanup.run import execute, plan
from tee_infra.workflows.control.environment_lock import locked
from tee_infra.workflows.control.records import change_record
from tee_infra.workflows.features.admission import admit
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.destroy import destroy_feature
from tee_infra.workflows.session.checkout import NAME
from tee_infra.workflows.session.file_store import open_store
from tests.support.emulator import session
from tests.support.homes import MOTOS_ACCOUNT, NOW, client, make_table, record_of, tags_of
from tests.support.iam_recorder import Asked, recorded
from tests.support.iam_roles import arns, role_policies

HOUR = timedelta(hours=1)
POLICY = Policy(max_destroys=10, limit_confirmed=False, grace=timedelta())
BRANCHES = Branches(source="the test", heads={"main": None})
LEFT, BROKEN = "feature-left", "feature-broken"
DELETES = {
    *("dynamodb:DeleteTable", "iam:DeleteRole", "iam:DeleteRolePolicy", "ssm:DeleteParameter"),
    *("dynamodb:PutItem", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"),
}


@pytest.fixture
def asked() -> Iterator[Asked]:
    with recorded(session()) as asked:
        yield asked


@pytest.fixture
def context(context: FeatureContext, asked: Asked) -> FeatureContext:
    """One environment that left one of everything behind, and one whose stack needs the engine that is not there."""
    bucket = names.state_bucket("ephemeral", MOTOS_ACCOUNT, "us-east-1")
    client(context.connection, "s3").create_bucket(Bucket=bucket)
    context = replace(context, state=open_store(f"s3://{bucket}/.pulumi", context.connection))
    for name in (LEFT, BROKEN):
        context.control.write(record_of(name))
        make_table(client(context.connection, "dynamodb"), f"{name}-tee-admin", tags_of(name))
    leave_role_and_parameter(context)
    write(context, f"{locks_folder(NAME, LEFT)}/1.json", b"{}")
    write(context, checkpoint_file(NAME, BROKEN), b'{"checkpoint": {"latest": {}}}')
    asked.clear()
    return context


def test_all_that_cleanup_asks_for_is_what_its_role_may_do(asked: Asked, context: FeatureContext) -> None:
    done = execute(context, plan(context, BRANCHES, NOW, POLICY), NOW, POLICY, HOUR)

    assert {result.environment: result.result for result in done} == {LEFT: "destroyed", BROKEN: "failed"}
    assert forbidden(asked, "cleanup") == set()
    assert DELETES | {"dynamodb:ListTables", "tag:GetResources"} <= {action for action, *_ in asked}


def test_all_that_a_branchs_pipeline_asks_for_is_what_the_deployer_may_do(
    asked: Asked, context: FeatureContext
) -> None:
    admit(
        context,
        CreateRequest(environment="feature-new", repository="example/tee-admin", branch="feature/new", owner="ann"),
        NOW,
    )
    for name in (LEFT, BROKEN):
        record = change_record(context.control, name, lambda record: record)
        with locked(context.locks, name, context.actor, "tee-infra feature destroy") as held, suppress(Exception):
            destroy_feature(context, record, NOW, held=held)

    assert forbidden(asked, "deployer") == set()
    assert {action for action, *_ in asked} >= DELETES


def forbidden(asked: Asked, role: str) -> Asked:
    """What of this dev's `role` may not do."""
    policies = role_policies("dev", role)
    context = {"iam:PermissionsBoundary": arns("dev").boundary}  # as on every role that the program makes
    requests = {
        (action, on, key): Request(
            principal=policies.arn,
            action=action,
            resource=on,
            context=context | ({"dynamodb:LeadingKeys": key} if key else {}),
        )
        for action, on, key in asked
    }
    return {
        call for call, request in requests.items() if not is_allowed(request, policies.permissions, policies.boundary)
    }


def leave_role_and_parameter(context: FeatureContext) -> None:
    iam, ssm = client(context.connection, "iam"), client(context.connection, "ssm")
    tags = [{"Key": key, "Value": value} for key, value in tags_of(LEFT).items()]
    role = names.role(LEFT, "app")
    iam.create_role(RoleName=role, Path=names.iam_path(LEFT), AssumeRolePolicyDocument="{}", Tags=tags)
    policy = access.render(role_policies(LEFT, "app").permissions)
    iam.put_role_policy(RoleName=role, PolicyName="permissions", PolicyDocument=policy)
    ssm.put_parameter(Name=names.parameter(LEFT, "tables", "tee-admin"), Value="x", Type="String", Tags=tags)


def write(context: FeatureContext, name: str, data: bytes) -> None:
    with context.state.write(name) as file:
        file.write(data)
