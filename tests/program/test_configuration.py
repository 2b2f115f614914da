import pytest

from tests.support.recording import Run, standard


def test_every_table_has_a_parameter_with_its_name(any_run: Run) -> None:
    environment = any_run.outputs["environment"]
    for name, physical in any_run.outputs["tables"].items():
        parameter = any_run.one("Parameter", f"configuration-tables-{name}")
        assert parameter.inputs["name"] == f"/tee/{environment}/tables/{name}"
        assert (parameter.inputs["type"], parameter.inputs["insecureValue"]) == ("String", physical)
        assert parameter.ignore_changes == []


@pytest.mark.parametrize("stack", ["prod", "staging", "dev", "test"])
def test_a_standing_environment_owns_a_pointer_that_a_switch_may_change(stack: str) -> None:
    pointer = standard(stack).one("Parameter", "configuration-active-slot")

    assert pointer.inputs["name"] == f"/tee/{stack}/active-slot"
    assert pointer.inputs["insecureValue"] == "v1"
    assert pointer.ignore_changes == ["insecureValue"]


@pytest.mark.parametrize("stack", ["prod-v2", "feature-x"])
def test_slots_and_features_own_none(stack: str) -> None:
    assert "active-slot" not in standard(stack).outputs["parameters"]


def test_the_parameters_are_exported_by_what_they_say() -> None:
    assert standard("dev").outputs["parameters"] == {
        "active-slot": "/tee/dev/active-slot",
        "tables/tee-admin": "/tee/dev/tables/tee-admin",
        "tables/tee-schedules": "/tee/dev/tables/tee-schedules",
        "tables/tee-sync-status": "/tee/dev/tables/tee-sync-status",
    }
