"""Which tables belong to which slot, and between which slots a switch leads."""

import pytest

from tee_infra.core.cutover.slots import direction, environment_of, existing_slots, tables_of
from tee_infra.errors import UsageError

TABLES = (
    "tee-admin", "prod-tee-admin", "prod-v10-tee-schedules", "prod-v2-tee-admin", "prod-v2-tee-sync-status",
    "dev-tee-admin", "prod-v02-tee-admin", "prod-v3-other", "prod-hotfix-tee-admin", "tee-control",
)  # fmt: skip


def test_the_slots_of_production_are_those_whose_tables_exist_oldest_first() -> None:
    found = existing_slots("prod", TABLES)
    assert list(found) == ["legacy", "prod", "prod-v2", "prod-v10"]
    assert found["prod-v2"] == {"tee-admin": "prod-v2-tee-admin", "tee-sync-status": "prod-v2-tee-sync-status"}
    assert found["legacy"] == {"tee-admin": "tee-admin"}


def test_other_environments_have_their_own_slot_only() -> None:
    assert list(existing_slots("dev", TABLES)) == ["dev"]
    assert existing_slots("staging", TABLES) == {}


@pytest.mark.parametrize("ends", [("prod", "prod-v2"), ("legacy", "production"), ("prod-v3", "legacy")])
def test_a_switch_leads_between_two_slots_of_one_environment(ends: tuple[str, str]) -> None:
    assert direction(*ends)[0] == "prod"
    assert {environment_of(slot) for slot in direction(*ends)[1:]} == {"prod"}


@pytest.mark.parametrize(
    "ends", [("prod", "prod"), ("prod", "production"), ("dev", "staging"), ("prod", "dev"), ("prod", "prod-v0")]
)
def test_any_other_two_are_refused(ends: tuple[str, str]) -> None:
    with pytest.raises(UsageError):
        direction(*ends)


def test_legacy_has_the_bare_names() -> None:
    assert tables_of("legacy")["tee-admin"] == "tee-admin"
    assert tables_of("prod-v2")["tee-admin"] == "prod-v2-tee-admin"
