import json
from typing import Any

import boto3
import pytest

from tee_infra.aws.connection import AwsError, Connection
from tee_infra.aws.leftovers import Leftovers
from tee_infra.core.cleanup.inventory import Resource
from tee_infra.core.environments import parse_environment
from tee_infra.core.tags import StackTags
from tee_infra.core.unreadable import Unreadable

HERE = Connection(region="us-east-1")
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]})
FEATURE = parse_environment("feature-x")
TAGS = {
    "tee:environment": "feature-x",
    "tee:managed-by": "pulumi",
    "tee:stack": "tee-infra/feature-x",
    "tee:expires-at": "2026-12-01T00:00:00Z",
}


@pytest.fixture
def leftovers(aws: None) -> Leftovers:
    return Leftovers.connect(HERE, "tee-infra")


def test_what_is_there_is_found_by_name_and_path_with_its_tags(leftovers: Leftovers) -> None:
    make_table("feature-x-tee-admin", TAGS)
    make_table("feature-x-tee-sync-status", {"tee:environment": "feature-x"})
    make_table("feature-x-tee-admin-copy", TAGS)  # another name
    make_role("feature-x-tee-app", "/tee/feature-x/", TAGS)
    make_role("feature-x-2-tee-app", "/tee/feature-x-2/", TAGS)  # another path
    make_parameter("/tee/feature-x/tables/tee-admin", TAGS)
    make_parameter("/tee/feature-x-2/tables/tee-admin", TAGS)
    found = {resource.name: resource for resource in leftovers.find(FEATURE)}
    assert list(found) == [
        "feature-x-tee-admin",
        "feature-x-tee-sync-status",
        "feature-x-tee-app",
        "/tee/feature-x/tables/tee-admin",
    ]
    assert isinstance(found.pop("feature-x-tee-sync-status").tags, Unreadable)
    for resource in found.values():
        assert isinstance(resource.tags, StackTags)
        assert resource.tags.environment == FEATURE
    assert found["feature-x-tee-app"].arn == "arn:aws:iam::123456789012:role/tee/feature-x/feature-x-tee-app"


def test_more_than_a_page_of_parameters_is_found(leftovers: Leftovers) -> None:
    ssm = boto3.client("ssm", region_name="us-east-1")
    for number in range(11):  # a page has ten
        ssm.put_parameter(Name=f"/tee/feature-x/tables/{number}", Value="x", Type="String", Tags=as_list(TAGS))
    assert len(leftovers.find(FEATURE)) == 11


def test_each_kind_is_deleted_and_twice_is_fine(leftovers: Leftovers) -> None:
    make_table("feature-x-tee-admin", TAGS)
    make_role("feature-x-tee-app", "/tee/feature-x/", TAGS)
    make_parameter("/tee/feature-x/tables/tee-admin", TAGS)
    found = leftovers.find(FEATURE)
    for resource in [*found, *found]:
        leftovers.delete(resource)
    assert leftovers.find(FEATURE) == []


def test_a_role_that_somebody_attached_a_policy_to_is_kept_by_iam(leftovers: Leftovers) -> None:
    make_role("feature-x-tee-app", "/tee/feature-x/", TAGS)
    iam = boto3.client("iam")
    policy = iam.create_policy(PolicyName="mine", PolicyDocument=POLICY)
    iam.attach_role_policy(RoleName="feature-x-tee-app", PolicyArn=policy["Policy"]["Arn"])
    (role,) = leftovers.find(FEATURE)
    with pytest.raises(AwsError, match=r"deleting role feature-x-tee-app: .*DeleteConflict"):
        leftovers.delete(role)


def test_a_protected_table_is_seen_and_aws_refuses_to_delete_it(leftovers: Leftovers) -> None:
    make_table("feature-x-tee-admin", TAGS, DeletionProtectionEnabled=True)
    make_table("feature-x-tee-schedules", TAGS)
    seen = {name: table.deletion_protection for name, table in leftovers.tables(FEATURE).items()}
    assert seen == {"feature-x-tee-admin": True, "feature-x-tee-schedules": False}
    with pytest.raises(AwsError, match="deleting table feature-x-tee-admin"):
        leftovers.delete(Resource(kind="table", name="feature-x-tee-admin", arn=""))


def make_table(name: str, tags: dict[str, str], **more: Any) -> None:
    boto3.client("dynamodb", region_name="us-east-1").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=as_list(tags),
        **more,
    )


def make_role(name: str, path: str, tags: dict[str, str]) -> None:
    iam = boto3.client("iam")
    iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument="{}", Tags=as_list(tags))
    iam.put_role_policy(RoleName=name, PolicyName="permissions", PolicyDocument=POLICY)


def make_parameter(name: str, tags: dict[str, str]) -> None:
    boto3.client("ssm", region_name="us-east-1").put_parameter(Name=name, Value="x", Type="String", Tags=as_list(tags))


def as_list(tags: dict[str, str]) -> list[Any]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
