from pathlib import Path

import pytest

from tee_infra.aws.connection import Connection
from tee_infra.aws.identity import NoAccessError
from tee_infra.core.environments import Environment, parse_environment
from tee_infra.core.target import AccountEndpointError, DivertedError, NoAccountEndpointError
from tee_infra.errors import UsageError
from tee_infra.workflows.session.data_session import open_data_session
from tee_infra.workflows.session.embedded_aws import NotRunningError
from tests.support.stand_in import Told, checkout_at

DEV = parse_environment("dev")
ACCOUNT = "111122223333"


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose dev names no account, in a shell without AWS."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    checkout_at(tmp_path, "http://127.0.0.1:9")
    (tmp_path / ".tee" / "aws" / "running.json").unlink()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def with_account(checkout: Path) -> Path:
    stack = f"config: {{tee-infra:environment: {{name: dev, owner: a, account_id: '{ACCOUNT}', repository: acme/app}}}}"
    (checkout / "Pulumi.dev.yaml").write_text(stack)
    return checkout


def connect(environment: Environment | None, endpoint_url: str | None = None, *, local: bool = False) -> Connection:
    told = Told()
    session = open_data_session(environment, "table:x", told, local=local, endpoint_url=endpoint_url)
    assert told.targets == [session.target]
    return session.connection


def test_an_environment_without_an_account_is_never_looked_for_in_a_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    with pytest.raises(NotRunningError, match="tee-infra local start"):
        connect(DEV)


@pytest.mark.usefixtures("with_account")
def test_an_account_is_held_to() -> None:
    with pytest.raises(NoAccessError, match=ACCOUNT):
        connect(DEV)


def test_an_endpoint_that_was_asked_for_goes_before_all_else() -> None:
    assert connect(DEV, "http://127.0.0.1:8000").endpoint == "http://127.0.0.1:8000"


@pytest.mark.usefixtures("with_account")
def test_an_endpoint_that_was_asked_for_never_stands_in_for_an_account() -> None:
    with pytest.raises(AccountEndpointError, match="Nothing was contacted"):
        connect(DEV, "http://127.0.0.1:8000")


def test_an_endpoint_of_aws_is_no_way_around_a_missing_account() -> None:
    with pytest.raises(NoAccountEndpointError, match=r"environment.account_id in Pulumi\.dev\.yaml"):
        connect(DEV, "https://dynamodb.us-east-1.amazonaws.com")


def test_an_endpoint_that_was_asked_for_needs_no_checkout(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("nowhere"))
        assert connect(DEV, "http://127.0.0.1:8000").endpoint == "http://127.0.0.1:8000"


def test_an_endpoint_and_the_embedded_aws_are_one_too_many() -> None:
    with pytest.raises(UsageError, match="give one of them"):
        connect(DEV, "http://127.0.0.1:8000", local=True)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:4580", "https://dynamodb.eu-west-1.amazonaws.com"])
def test_the_shells_endpoint_says_nothing_about_an_environment(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(NotRunningError):
        connect(DEV)


@pytest.mark.usefixtures("with_account")
def test_the_shells_endpoint_never_stands_in_for_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4580")
    with pytest.raises(DivertedError, match=f"names? AWS account {ACCOUNT}, .* to http://127.0.0.1:4580"):
        connect(DEV)


def test_a_table_of_no_environment_is_where_the_shell_leads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:8000")
    connection = connect(None)
    assert (connection.region, connection.endpoint, connection.access_key) == (None, None, None)


def test_a_table_of_no_environment_in_an_account_is_shown_with_it() -> None:
    with pytest.raises(NoAccessError, match="the AWS account of this shell: there are no credentials"):
        connect(None)
