import json

import pytest

from tee_infra.core.environments import parse_environment
from tests.support.recording import ACCOUNT, Record, Run, record, standard


def test_the_roles_are_those_of_the_kind(any_run: Run) -> None:
    kind = parse_environment(any_run.outputs["environment"]).kind

    assert {r.name.removeprefix("access-") for r in any_run.of("Role") if r.name.startswith("access-")} == set(
        kind.roles
    )


def test_every_role_is_named_bounded_and_on_the_environments_path(any_run: Run) -> None:
    environment = any_run.outputs["environment"]
    for role in any_run.of("Role"):
        assert role.inputs["name"].startswith(f"{environment}-tee-")
        assert role.inputs["path"] == f"/tee/{environment}/"
        assert role.inputs["permissionsBoundary"]
        assert role.inputs["description"].isascii()


def test_every_role_has_its_permissions_inline(any_run: Run) -> None:
    assert {r.inputs["role"] for r in any_run.of("RolePolicy")} == {r.inputs["name"] for r in any_run.of("Role")}


def test_a_feature_environment_makes_no_boundary() -> None:
    run = standard("feature-new-auth")

    assert run.of("Policy") == []
    for role in run.of("Role"):
        assert role.inputs["permissionsBoundary"] == f"arn:aws:iam::{ACCOUNT}:policy/tee/dev/dev-tee-boundary"


@pytest.mark.parametrize("stack", ["prod", "prod-v2", "staging", "dev", "test"])
def test_each_role_has_the_boundary_of_its_class(stack: str) -> None:
    run = standard(stack)
    pipelines = {"access-deployer", "access-privileged-deployer", "access-cleanup"}

    for name, ends in (("access-boundary", "tee-boundary"), ("access-pipeline-boundary", "tee-pipeline-boundary")):
        assert run.one("Policy", name).inputs["name"] == f"{stack}-{ends}"
        assert json.loads(run.one("Policy", name).inputs["policy"])["Version"] == "2012-10-17"
    for role in run.of("Role"):
        bound = "access-pipeline-boundary" if role.name in pipelines else "access-boundary"
        assert role.inputs["permissionsBoundary"] == made_up_arn(bound), role.name


def test_production_reaches_the_slots_that_its_settings_name() -> None:
    run = record("prod", {"slots": ["prod-v2"]})
    policies = [run.one("RolePolicy", f"access-{role}-policy") for role in ("app", "developer", "migrator")]

    for policy in (*policies, run.one("Policy", "access-boundary")):
        assert "table/prod-v2-tee-" in policy.inputs["policy"]
    assert "prod-v2" not in str([one.inputs for one in standard("prod").records])
    assert "prod-v2" not in run.one("RolePolicy", "access-deployer-policy").inputs["policy"]
    assert "prod-v2" not in run.one("Policy", "access-pipeline-boundary").inputs["policy"]


def made_up_arn(name: str) -> str:
    return f"arn:of:{name}"


def arn_of(policy: Record) -> str:
    return f"arn:aws:iam::{ACCOUNT}:policy{policy.inputs['path']}{policy.inputs['name']}"


def test_managed_policies_are_attached_to_the_role_that_they_are_named_after(any_run: Run) -> None:
    environment = any_run.outputs["environment"]
    attached = {(r.inputs["role"], r.inputs["policyArn"]) for r in any_run.of("RolePolicyAttachment")}
    others = [r for r in any_run.of("Policy") if not r.name.endswith("boundary")]

    assert {arn for _, arn in attached} == {arn_of(policy) for policy in others}
    for policy in others:
        role = next(role for role, arn in attached if arn == arn_of(policy))
        assert role in (f"{environment}-tee-deployer", f"{environment}-tee-privileged-deployer")
        assert policy.inputs["name"].removeprefix(f"{role}-") in ("monitoring", "audit-and-keys")
        assert policy.inputs["path"] == f"/tee/{environment}/"


@pytest.mark.parametrize("stack", ["prod", "dev"])
def test_an_interrupted_update_takes_no_right_before_its_replacement_is_there(stack: str) -> None:
    """What a boundary or an inline policy loses, the role has elsewhere by then."""
    run = standard(stack)
    pipelines = [r for r in run.of("Role") if r.name in ("access-deployer", "access-privileged-deployer")]

    assert {urn.split("::")[-1] for urn in run.one("Policy", "access-boundary").depends_on} >= {
        role.name for role in pipelines
    }
    for role in pipelines:
        before = {urn.split("::")[-1] for urn in run.one("RolePolicy", f"{role.name}-policy").depends_on}
        of_role = {r.name for r in run.of("RolePolicyAttachment") if r.inputs["role"] == role.inputs["name"]}
        assert of_role
        assert before >= of_role


def test_the_deployer_is_bound_to_the_repository_of_the_settings() -> None:
    run = record("prod", {"repository": "acme/other"})

    assert "repo:acme/other:environment:prod" in run.one("Role", "access-deployer").inputs["assumeRolePolicy"]


def test_a_session_lasts_an_hour(any_run: Run) -> None:
    assert {r.inputs.get("maxSessionDuration", 3600) for r in any_run.of("Role")} == {3600}
