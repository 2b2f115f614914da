import pytest

from tee_infra.aws.connection import Connection
from tee_infra.aws.identity import NoAccessError, WrongAccountError, clock_skew, credentials_source, require_account


def here() -> Connection:
    """As this shell says, asked again by each test."""
    return Connection(region="us-east-1")


@pytest.mark.usefixtures("aws")
def test_credentials_of_the_named_account_pass() -> None:
    require_account(here(), "123456789012")


@pytest.mark.usefixtures("aws")
def test_credentials_of_another_account_are_refused_with_both_numbers() -> None:
    with pytest.raises(WrongAccountError, match=r"name AWS account 111122223333, .* belong to 123456789012"):
        require_account(here(), "111122223333")


def test_without_credentials_the_next_command_is_said() -> None:
    with pytest.raises(NoAccessError, match=r"there are no credentials[.] Log in \(aws sso login\)"):
        require_account(here(), "111122223333")


def test_an_aws_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_MAX_ATTEMPTS", "1")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(NoAccessError, match="no access to AWS account 111122223333: Could not connect") as refused:
        require_account(here(), "111122223333")
    assert "\n" not in str(refused.value)


def test_where_credentials_come_from_is_known_without_using_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert credentials_source() is None
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    assert credentials_source() == "env"


def test_a_clock_without_anything_to_compare_it_to() -> None:
    assert clock_skew("http://127.0.0.1:9") is None
