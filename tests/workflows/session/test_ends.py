"""Both ends of a copy: who enters which, what is said first, and what is refused before anything is contacted."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from tee_infra.aws.connection import AwsError, Connection
from tee_infra.aws.dynamodb import open_dynamodb
from tee_infra.aws.identity import AssumeRoleError, WrongAccountError
from tee_infra.core.data.end_roles import NoRolesHereError, RoleAccountError
from tee_infra.core.environments import parse_environment
from tee_infra.workflows.session.ends import End, open_end, open_ends
from tee_infra.workflows.session.session import Session
from tests.support.recorded_aws import record_requests
from tests.support.stand_in import Told, checkout_at

HERE, THERE = "111122223333", "444455556666"


def role_arn(name: str, account: str = HERE) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


STAGING, DEV = role_arn("tee/staging/staging-tee-migrator"), role_arn("tee/dev/dev-tee-migrator")
OTHERS = role_arn("copies", THERE)
ROLES = {STAGING: "staging-session", DEV: "dev-session", OTHERS: "other-session", role_arn("mine"): "my-session"}


class Aws(NamedTuple):
    asked: list[str]
    assumed: list[tuple[str, str]]
    told: Told
    use_key: Callable[[str], None]


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """A checkout whose staging and dev are in one account, prod in another and test on the embedded AWS."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    checkout_at(tmp_path, "http://127.0.0.1:9", staging=HERE, dev=HERE, prod=THERE)
    monkeypatch.chdir(tmp_path)

    def use_key(key: str) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "own-secret")

    use_key("own")
    assumed: list[tuple[str, str]] = []
    asked = record_requests(monkeypatch, {"own": HERE, "other": THERE}, ROLES, assumed)
    return Aws(asked, assumed, Told(), use_key)


def end(name: str, option: str, role: str | None = None) -> End:
    environment = None if name.startswith("table:") else parse_environment(name)
    return End(environment=environment, subject=name, option=option, role=role)


def opened(
    aws: Aws, source: str, target: str, from_role: str | None = None, to_role: str | None = None, **where: object
) -> tuple[Session, Session]:
    ends = end(source, "--from-role", from_role), end(target, "--to-role", to_role)
    return open_ends(ends, aws.told, **{"local": False, "endpoint_url": None, **where})  # pyright: ignore


def key_of(session: Session) -> str:
    credentials = session.connection.session().get_credentials()
    assert credentials is not None
    return credentials.get_frozen_credentials().access_key or ""


def test_each_end_is_entered_as_its_environments_own_migrator(aws: Aws) -> None:
    sessions = opened(aws, "staging", "dev")
    assert [key_of(session) for session in sessions] == ["staging-session", "dev-session"]
    assert aws.assumed == [("own", STAGING), ("own", DEV)]


def test_both_ends_are_named_before_anything_is_contacted(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    at: list[int] = []
    monkeypatch.setattr(aws.told, "at", lambda *targets: at.append(len(targets)) or at.append(len(aws.asked)))
    opened(aws, "staging", "dev")
    assert at == [2, 0]
    assert aws.told.lines == [f"staging: as {STAGING}", f"dev: as {DEV}"]


def test_a_caller_who_is_in_the_role_keeps_the_own_session(aws: Aws) -> None:
    aws.use_key("staging-session")
    sessions = opened(aws, "staging", "dev")
    assert sessions[0].connection.role is None
    assert aws.assumed == [("staging-session", DEV)]


def test_a_named_role_goes_before_the_environments_own(aws: Aws) -> None:
    sessions = opened(aws, "staging", "dev", from_role=role_arn("mine"))
    assert [key_of(session) for session in sessions] == ["my-session", "dev-session"]


def test_the_ends_of_a_copy_may_be_in_two_accounts(aws: Aws) -> None:
    sessions = opened(aws, "prod", "dev", from_role=OTHERS)
    assert [key_of(session) for session in sessions] == ["other-session", "dev-session"]
    assert [target.account_id for target in aws.told.targets] == [THERE, HERE]


def test_without_a_named_role_the_caller_has_to_be_of_the_account(aws: Aws) -> None:
    with pytest.raises(WrongAccountError):
        opened(aws, "prod", "dev")
    assert not aws.assumed


def test_a_role_that_cannot_be_had_is_one_line_with_the_way_on(aws: Aws) -> None:
    with pytest.raises(AssumeRoleError) as refused:
        opened(aws, "staging", "dev", to_role=role_arn("nobodys"))
    text = str(refused.value)
    assert text.startswith(f"dev: cannot assume {role_arn('nobodys')}: ")
    assert "AccessDenied" in text
    assert "Nothing was read or written" in text
    assert "--to-role ARN" in text
    assert "\n" not in text
    assert not [host for host in aws.asked if not host.startswith("sts")]


def test_no_credential_is_said(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    sessions = opened(aws, "staging", "dev")
    with pytest.raises(AssumeRoleError) as refused:
        opened(aws, "staging", "dev", to_role=role_arn("nobodys"))
    printed = " ".join([*aws.told.lines, str(refused.value), str(refused.value.fields()), repr(sessions)])
    assert not re.search(r"secret|token|-session\b", printed + "".join(capsys.readouterr()))


@pytest.mark.parametrize(
    ("source", "where", "said"),
    [
        ("test", {}, "its settings name no account"),
        ("staging", {"local": True}, "--local is the embedded AWS"),
        ("table:x", {"endpoint_url": "http://127.0.0.1:9"}, "--endpoint-url is http://127.0.0.1:9"),
    ],
)
def test_where_no_account_is_a_role_is_refused(aws: Aws, source: str, where: dict[str, object], said: str) -> None:
    with pytest.raises(NoRolesHereError, match=said) as refused:
        opened(aws, source, source, from_role=STAGING, **where)
    assert "Nothing was contacted" in str(refused.value)
    assert not aws.asked


def test_a_table_in_a_shell_that_leads_elsewhere_takes_no_role(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")
    with pytest.raises(NoRolesHereError, match=r"this shell sends requests for dynamodb to http://127\.0\.0\.1:9"):
        opened(aws, "table:x", "table:y", from_role=STAGING)
    assert not aws.asked


def test_a_role_of_another_account_than_the_settings_name_is_refused(aws: Aws) -> None:
    with pytest.raises(RoleAccountError, match=f"name AWS account {HERE}, but --from-role is {OTHERS}"):
        opened(aws, "staging", "dev", from_role=OTHERS)
    assert not aws.asked


def test_a_table_of_no_environment_is_entered_with_the_own_rights_or_a_named_role(aws: Aws) -> None:
    sessions = opened(aws, "table:x", "table:y", to_role=OTHERS)
    assert [key_of(session) for session in sessions] == ["own", "other-session"]
    assert [(target.name, target.account_id) for target in aws.told.targets] == [("table:x", HERE), ("table:y", THERE)]


def test_one_end_may_be_the_embedded_aws(aws: Aws) -> None:
    sessions = opened(aws, "staging", "test")
    assert key_of(sessions[0]) == "staging-session"
    assert sessions[1].connection.role is None


def test_a_session_is_renewed_before_it_ends(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    assumed: list[tuple[str, str]] = []
    record_requests(monkeypatch, {"own": HERE}, ROLES, assumed, lasts=timedelta(minutes=1))
    connection = open_end(end("staging", "--from-role"), aws.told, local=False).connection
    before = len(assumed)
    for _ in range(3):
        connection.session().get_credentials().get_frozen_credentials()  # pyright: ignore
    assert len(assumed) == before + 3


def test_a_session_that_cannot_be_renewed_is_an_error_that_says_so(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    record_requests(monkeypatch, {"own": HERE}, ROLES, lasts=timedelta(minutes=1))
    dynamodb = open_dynamodb(Connection(region="us-east-1", role=STAGING))
    lane = dynamodb.transport("raw").lane(1)
    record_requests(monkeypatch, {"own": HERE})
    with pytest.raises(AwsError, match=r"refreshing the AWS credentials: .*AccessDenied.*\. Log in again, then run"):
        lane.send("Scan", b"{}")
