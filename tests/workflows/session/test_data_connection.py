from pathlib import Path

import pytest

from tee_infra.aws.identity import NoAccessError
from tee_infra.core.environments import parse_environment
from tee_infra.workflows.session.data_connection import connect_data
from tee_infra.workflows.session.embedded_aws import NotRunningError

DEV = parse_environment("dev")


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose dev names no account, in a shell without AWS."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (tmp_path / "Pulumi.yaml").write_text("name: tee-infra\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {tee-infra:environment: {name: dev, owner: a}}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_environment_without_an_account_is_never_looked_for_in_a_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    with pytest.raises(NotRunningError, match="tee-infra local start"):
        connect_data(DEV, None)


def test_an_account_is_held_to(checkout: Path) -> None:
    stack = "config: {tee-infra:environment: {name: dev, owner: a, account_id: '111122223333', repository: acme/app}}"
    (checkout / "Pulumi.dev.yaml").write_text(stack)
    with pytest.raises(NoAccessError, match="111122223333"):
        connect_data(DEV, None)


def test_an_endpoint_that_was_asked_for_goes_before_all_else() -> None:
    assert connect_data(DEV, "http://127.0.0.1:8000").endpoint == "http://127.0.0.1:8000"


def test_a_loopback_endpoint_in_the_shell_is_taken_and_another_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4580")
    assert connect_data(DEV, None).endpoint is None
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://dynamodb.eu-west-1.amazonaws.com")
    with pytest.raises(NotRunningError):
        connect_data(DEV, None)


def test_a_table_of_no_environment_is_where_the_shell_leads() -> None:
    connection = connect_data(None, None)
    assert (connection.region, connection.endpoint, connection.access_key) == (None, None, None)
