from typing import Any

import pytest

from tee_infra.core.pulumi_state.pending_operations import UNKNOWN, adopt_pending, leave_open

ACCOUNT, REGION = "123456789012", "eu-west-1"


def resource(kind: str, name: str, /, **inputs: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:dev::tee-infra::{kind}::{name}", "type": kind, "custom": True, "inputs": inputs}


def left_open(*resources: dict[str, Any], there: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {
        "resources": list(there),
        "pending_operations": [{"type": "creating", "resource": resource} for resource in resources],
    }


@pytest.mark.parametrize(
    ("kind", "inputs", "expected"),
    [
        ("aws:dynamodb/table:Table", {"name": "dev-tee-admin"}, "dev-tee-admin"),
        ("aws:iam/rolePolicy:RolePolicy", {"role": "r", "name": "permissions"}, "r:permissions"),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"role": "r", "policyArn": "arn:p"}, "r/arn:p"),
        ("aws:iam/policy:Policy", {"path": "/tee/dev/", "name": "b"}, "arn:aws:iam::123456789012:policy/tee/dev/b"),
        ("aws:sns/topic:Topic", {"name": "t"}, "arn:aws:sns:eu-west-1:123456789012:t"),
        ("aws:s3/bucket:Bucket", {"bucket": "b"}, "b"),
    ],
)
def test_an_open_create_becomes_a_resource_with_the_id_that_aws_gives_it(
    kind: str, inputs: dict[str, str], expected: str
) -> None:
    adoption = adopt_pending(left_open(resource(kind, "one", **inputs)), ACCOUNT, REGION)
    (taken,) = adoption.deployment["resources"]
    assert (taken["id"], taken["inputs"]) == (expected, inputs)
    assert adoption.adopted == ("one",)
    assert "pending_operations" not in adoption.deployment


def test_what_has_no_id_of_its_own_name_is_said_and_not_guessed() -> None:
    adoption = adopt_pending(left_open(resource("aws:kms/key:Key", "key")), ACCOUNT, REGION)
    assert (adoption.adopted, adoption.unknown) == ((), ("key",))
    assert adoption.deployment["resources"] == []


def test_a_resource_that_the_state_has_is_not_taken_twice() -> None:
    table = resource("aws:dynamodb/table:Table", "one", name="n")
    adoption = adopt_pending(left_open(table, there=({**table, "id": "n"},)), ACCOUNT, REGION)
    assert len(adoption.deployment["resources"]) == 1


def test_other_open_operations_are_only_closed() -> None:
    deployment = left_open(resource("aws:dynamodb/table:Table", "one", name="n"))
    deployment["pending_operations"][0]["type"] = "deleting"
    assert adopt_pending(deployment, ACCOUNT, REGION).adopted == ()


def test_the_exported_deployment_stays_as_it_was() -> None:
    deployment = left_open(resource("aws:dynamodb/table:Table", "one", name="n"))
    adopt_pending(deployment, ACCOUNT, REGION)
    assert len(deployment["pending_operations"]) == 1


def test_what_only_creating_would_tell_makes_no_id() -> None:
    policy = resource("aws:dynamodb/resourcePolicy:ResourcePolicy", "policy", resourceArn=UNKNOWN)
    adoption = adopt_pending(left_open(policy), ACCOUNT, REGION)
    assert (adoption.adopted, adoption.unknown) == ((), ("policy",))


def test_a_lost_state_is_everything_planned_left_open_under_a_provider_that_is_there() -> None:
    component = {"urn": "urn:pulumi:dev::tee-infra::tee:index:DataTables::data", "type": "tee:index:DataTables"}
    provider = resource("pulumi:providers:aws", "aws", region=REGION)
    table = resource("aws:dynamodb/table:Table", "one", name="n") | {"provider": f"{provider['urn']}::{UNKNOWN}"}
    planned = [component | {"custom": False}, provider, table]
    deployment = leave_open({"manifest": {}}, planned, "provider-id")
    assert [resource["urn"] for resource in deployment["resources"]] == [component["urn"], provider["urn"]]
    assert deployment["resources"][1]["id"] == "provider-id"
    adoption = adopt_pending(deployment, ACCOUNT, REGION)
    assert adoption.adopted == ("one",)
    assert adoption.deployment["resources"][2]["provider"] == f"{provider['urn']}::provider-id"
