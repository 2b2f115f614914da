from typing import Any

import pytest

from tee_infra.core.environments import KINDS, parse_environment
from tee_infra.core.settings import Settings, SettingsError, settings_for

LEASE = {"branch": "feature/x", "expires_at": "2026-12-01T00:00:00Z"}


def read(stack: str, **config: Any) -> Settings:
    return settings_for(parse_environment(stack), {"name": stack, "owner": "platform", **config})


def problem(stack: str, **config: Any) -> str:
    with pytest.raises(SettingsError) as refused:
        read(stack, **config)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_production_is_strict() -> None:
    settings = read("prod")
    assert settings.protect
    assert settings.deletion_protection
    assert settings.customer_managed_key
    assert settings.point_in_time_recovery_days == 35
    assert settings.audit == "all"


def test_a_slot_of_production_is_as_strict() -> None:
    assert read("prod-v2").model_dump(exclude={"name"}) == read("prod").model_dump(exclude={"name"})


NO_SLOTS = (
    "*", "prod-*", "prod-v*", "prod-v?", "prod-v02", "prod-v2-tee-admin", "prod-v2*", "prod", "prod-vault",
    "prod-hotfix", "staging", "feature-x", "PROD-V2", "prod-v2\n", "", "legacy*", "tee-admin", "prod-v12345",
)  # fmt: skip


@pytest.mark.parametrize("name", NO_SLOTS)
def test_a_name_that_is_no_slot_widens_no_role(name: str) -> None:
    assert "environment.slots" in problem("prod", slots=[name])


@pytest.mark.parametrize("slots", [["prod-v2"], ["legacy"], ["prod-v2", "prod-v3"], []])
def test_production_names_its_slots(slots: list[str]) -> None:
    assert list(read("prod", slots=slots).slots) == slots


@pytest.mark.parametrize(
    ("stack", "slots", "said"),
    [
        ("prod", ["prod-v2", "prod-v2"], "slots has one slot twice: prod-v2, prod-v2"),
        ("prod", ["legacy", "prod-v2"], "migrate from legacy first"),
        ("prod", ["prod-v2", "legacy"], "migrate from legacy first"),
        ("prod", ["prod-v2", "prod-v3", "prod-v4"], "environment.slots is"),
        ("prod", "prod-v2", "environment.slots is 'prod-v2'"),
        ("prod-v2", ["prod-v3"], "only prod has environment.slots"),
        ("prod-v2", ["legacy"], "only prod has environment.slots"),
        ("staging", ["prod-v2"], "only prod has environment.slots"),
        ("dev", ["legacy"], "only prod has environment.slots"),
    ],
)
def test_slots_that_production_cannot_have(stack: str, slots: Any, said: str) -> None:
    assert said in problem(stack, slots=slots)


def test_a_feature_environment_is_cheap() -> None:
    settings = read("feature-x", **LEASE)
    assert not any((settings.protect, settings.alarms, settings.customer_managed_key))
    assert settings.point_in_time_recovery_days is None
    assert settings.max_write_units is not None


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_relaxes_settings_that_exist(kind: Any) -> None:
    assert kind.settings.keys() <= Settings.model_fields.keys()


def test_the_stack_file_overrides_its_kind() -> None:
    assert read("dev", max_read_units=7, max_write_units=9).max_write_units == 9


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"table_clas": "STANDARD"}, "environment.table_clas is not a setting; allowed: name, owner"),
        ({"account_id": 123456789012}, "environment.account_id is 123456789012: input should be a valid string"),
        ({"account_id": "12"}, "environment.account_id is '12'"),
        ({"protect": "no"}, "environment.protect is 'no': input should be a valid boolean"),
        ({"point_in_time_recovery_days": 36}, "environment.point_in_time_recovery_days is 36"),
        ({"log_retention_days": 8}, "environment.log_retention_days is 8"),
        ({"billing_mode": "PROVISIONED", "max_read_units": None, "max_write_units": None}, "needs max_read_units"),
        ({"max_read_units": None}, "belong together"),
        ({"name": "prod"}, "environment.name is 'prod', but the stack is 'dev'"),
        ({"account_id": "123456789012"}, "still the placeholder 'example/tee-admin'"),
        (LEASE, "only feature environments have"),
        ({"alert_email": "nobody"}, "environment.alert_email is 'nobody'"),
        ({"region": "Virginia"}, "environment.region is 'Virginia'"),
        ({"repository_id": "456"}, "repository_id and repository_owner_id belong together"),
        ({"repository_owner_id": "123"}, "repository_id and repository_owner_id belong together"),
        ({"repository_id": 456, "repository_owner_id": "1"}, "environment.repository_id is 456"),
        ({"repository_id": "0", "repository_owner_id": "1"}, "environment.repository_id is '0'"),
        ({"repository_id": "456*", "repository_owner_id": "1"}, "environment.repository_id is '456*'"),
        ({"repository": "acme@123/app"}, "environment.repository is 'acme@123/app'"),
        ({"repository": "acme/app@456"}, "environment.repository is 'acme/app@456'"),
        ({"repository": "acme@123/app@456", "repository_id": "7"}, "repository_id is '7', but repository is 'acme@123"),
        ({"job_workflow_ref": "deploy.yml"}, "environment.job_workflow_ref is 'deploy.yml'"),
        ({"job_workflow_ref": "a/b/.github/workflows/*@refs/heads/main"}, "environment.job_workflow_ref is"),
        ({"job_workflow_ref": "a/b/.github/workflows/x.yml@refs/heads/*"}, "environment.job_workflow_ref is"),
    ],
)
def test_a_mistake_is_one_line_that_names_key_value_and_bound(config: dict[str, Any], said: str) -> None:
    text = problem("dev", **config)
    assert text.startswith("Pulumi.dev.yaml: ")
    assert said in text


def test_every_mistake_is_named_at_once() -> None:
    text = problem("dev", protect=3, colour="red")
    assert "environment.protect" in text
    assert "environment.colour" in text


@pytest.mark.parametrize("lease", [{}, {"branch": "x"}, {"expires_at": LEASE["expires_at"]}])
def test_a_feature_environment_needs_branch_and_expiry(lease: dict[str, str]) -> None:
    assert "needs environment.branch and environment.expires_at" in problem("feature-x", **lease)


def test_an_expiry_without_time_zone_is_refused() -> None:
    assert "environment.expires_at" in problem("feature-x", branch="x", expires_at="2026-12-01T00:00:00")


def test_an_account_needs_a_repository_of_ones_own() -> None:
    assert read("dev", account_id="123456789012", repository="acme/app").account_id == "123456789012"


def test_a_repository_as_githubs_tokens_spell_it_is_its_name_and_its_numbers() -> None:
    settings = read("dev", repository="acme@123/app@456")
    assert settings == read("dev", repository="acme/app", repository_owner_id="123", repository_id="456")
    assert settings.repository == "acme/app"


def test_a_feature_environment_has_no_audit_trail() -> None:
    """Its bucket's name would be longer than S3 allows, and nothing in it is worth a year's proof."""
    config = {"name": "feature-x", "owner": "a", "branch": "feature/x", "expires_at": "2026-12-01T00:00:00Z"}

    with pytest.raises(SettingsError, match=r"environment.audit is 'all'; a feature environment has no audit trail"):
        settings_for(parse_environment("feature-x"), {**config, "audit": "all"})
