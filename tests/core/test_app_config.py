import shlex

from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.app_config import app_variables, render_dotenv, table_names
from tee_infra.core.environments import parse_environment


def test_logical_names_lead_to_physical_ones() -> None:
    assert table_names(parse_environment("feature-new-auth")) == {
        "tee-admin": "feature-new-auth-tee-admin",
        "tee-schedules": "feature-new-auth-tee-schedules",
        "tee-sync-status": "feature-new-auth-tee-sync-status",
    }


def test_the_app_gets_a_variable_for_each_table() -> None:
    assert app_variables(parse_environment("dev"), "eu-west-1") == {
        "STAGE": "dev",
        "AWS_REGION": "eu-west-1",
        "TEE_ADMIN_TABLE": "dev-tee-admin",
        "TEE_SCHEDULES_TABLE": "dev-tee-schedules",
        "TEE_SYNC_STATUS_TABLE": "dev-tee-sync-status",
    }


@given(st.dictionaries(st.from_regex(r"[A-Z_]{1,9}", fullmatch=True), st.from_regex(r"[a-z0-9:/. -]*", fullmatch=True)))
def test_dotenv_is_what_a_shell_reads(variables: dict[str, str]) -> None:
    read = dict(word.split("=", 1) for line in render_dotenv(variables).splitlines() for word in shlex.split(line))
    assert read == variables
