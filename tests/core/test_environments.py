import pytest
from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.environments import (
    ALIASES,
    KINDS,
    PERMANENT,
    UnknownEnvironmentError,
    parse_environment,
    resolve_stage,
)


@pytest.mark.parametrize("name", PERMANENT)
def test_a_standing_environment_is_its_own_kind(name: str) -> None:
    environment = parse_environment(name)
    assert (environment.name, environment.kind.name, environment.slot) == (name, name, None)


def test_a_slot_is_a_part_of_production() -> None:
    environment = parse_environment("prod-v2")
    assert (environment.kind.name, environment.kind.production, environment.slot) == ("prod", True, "v2")


@pytest.mark.parametrize(
    "name",
    ["prod-hotfix", "prod-v0", "prod-v02", "prod-v", "dev-v2", "feature", "feature-", "feature-a--b", "feature-A",
     "feature-prod", "feature-" + "a" * 33, "feature-x\n", "Dev", " dev", "", "production"],
)  # fmt: skip
def test_anything_else_is_no_environment(name: str) -> None:
    with pytest.raises(UnknownEnvironmentError) as refused:
        parse_environment(name)
    assert repr(name) in str(refused.value)
    assert "allowed: prod, staging, dev, test" in str(refused.value)


@given(st.text(max_size=20))
def test_no_name_is_read_as_another(name: str) -> None:
    try:
        assert parse_environment(name).name == name
    except UnknownEnvironmentError:
        assert name not in PERMANENT


@pytest.mark.parametrize("alias", ALIASES)
def test_every_alias_means_a_standing_environment(alias: str) -> None:
    assert resolve_stage(alias).name in PERMANENT
    assert alias not in KINDS
