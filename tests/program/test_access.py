import json

from tee_infra.core.environments import parse_environment
from tests.support.recording import ACCOUNT, Run, record, standard


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


def test_the_boundary_is_made_once() -> None:
    (boundary,) = standard("prod").of("Policy")

    assert boundary.inputs["name"] == "prod-tee-boundary"
    assert json.loads(boundary.inputs["policy"])["Version"] == "2012-10-17"


def test_the_deployer_is_bound_to_the_repository_of_the_settings() -> None:
    run = record("prod", {"repository": "acme/other"})

    assert "repo:acme/other:environment:prod" in run.one("Role", "access-deployer").inputs["assumeRolePolicy"]


def test_a_session_lasts_an_hour(any_run: Run) -> None:
    assert {r.inputs.get("maxSessionDuration", 3600) for r in any_run.of("Role")} == {3600}
