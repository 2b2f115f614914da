"""What an account needs once: made once, put right when it was changed, and finished after any interruption."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from moto import mock_aws

from tee_infra.aws import state_bucket
from tee_infra.aws.connection import Connection
from tee_infra.aws.state_bucket import ForeignBucketError
from tee_infra.core import names
from tee_infra.core.resources.account import UnusableError
from tee_infra.workflows.session.bootstrap import bootstrap, bootstrap_once
from tests.support.iam_roles import ACCOUNT

REGION = "eu-west-1"
STANDING = names.state_bucket("standing", ACCOUNT, REGION)
EVERYTHING = [
    "create key alias/tee-state",
    f"create bucket {STANDING}",
    f"create bucket {names.state_bucket('ephemeral', ACCOUNT, REGION)}",
    "create table tee-control",
]
READS = ("Describe", "Get", "Head", "List")
SESSION = boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret", region_name=REGION)


class Killed(BaseException):
    """The end of the process."""


class Account(Connection):
    """An empty account; `on_call` is asked before each call, `on_write` after each that changed something."""

    on_call: Callable[[str], None] = staticmethod(lambda _: None)
    on_write: Callable[[], None] = staticmethod(lambda: None)

    def session(self) -> boto3.Session:
        return SESSION

    def client(self, service: str) -> Any:
        return SESSION.client(service)  # pyright: ignore[reportArgumentType]


def before_call(model: Any, **_: Any) -> None:
    Account.on_call(model.name)


def after_call(model: Any, **_: Any) -> None:
    if not model.name.startswith(READS):
        Account.on_write()


SESSION.events.register("before-call", before_call)
SESSION.events.register("after-call", after_call)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setattr(Account, "on_call", staticmethod(lambda _: None))
    monkeypatch.setattr(Account, "on_write", staticmethod(lambda: None))
    with mock_aws():
        yield Account()


@pytest.fixture
def calls(account: Account, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The operations that were called."""
    found: list[str] = []
    monkeypatch.setattr(Account, "on_call", staticmethod(found.append))
    return found


def run(account: Account, *, dry_run: bool = False) -> list[str]:
    return bootstrap(account, ACCOUNT, REGION, lambda _: None, dry_run=dry_run)


def keys(account: Account) -> list[str]:
    """Those that are not given up."""
    kms = account.client("kms")
    found = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    return [key["Arn"] for key in found if key["KeyState"] == "Enabled"]


def test_everything_is_made_once(account: Account) -> None:
    assert run(account) == EVERYTHING
    assert run(account) == []
    assert len(keys(account)) == 1


def test_what_it_makes(account: Account) -> None:
    run(account)
    s3, dynamodb, kms = account.client("s3"), account.client("dynamodb"), account.client("kms")
    key = kms.describe_key(KeyId=names.STATE_KEY_ALIAS)["KeyMetadata"]["Arn"]

    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    for purpose in ("standing", "ephemeral"):
        bucket = names.state_bucket(purpose, ACCOUNT, REGION)
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
        (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        assert rule["BucketKeyEnabled"]
        assert set(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()) == {True}
        (statement,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
        assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
        (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] >= 30
        assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "tee:managed-by", "Value": "bootstrap"}]
    table = dynamodb.describe_table(TableName=names.CONTROL_TABLE)["Table"]
    assert table["DeletionProtectionEnabled"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    backups = dynamodb.describe_continuous_backups(TableName=names.CONTROL_TABLE)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_a_dry_run_says_all_of_it_and_writes_nothing(account: Account, calls: list[str]) -> None:
    assert run(account, dry_run=True) == EVERYTHING
    assert [call for call in calls if not call.startswith(READS)] == []


def test_what_was_changed_is_put_right_and_what_was_added_stays(account: Account) -> None:
    run(account)
    s3 = account.client("s3")
    own = {"Sid": "Own", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "*"}
    s3.put_bucket_versioning(Bucket=STANDING, VersioningConfiguration={"Status": "Suspended"})
    s3.put_bucket_policy(Bucket=STANDING, Policy=json.dumps({"Version": "2012-10-17", "Statement": own}))
    s3.put_bucket_tagging(Bucket=STANDING, Tagging={"TagSet": [{"Key": "team", "Value": "a"}]})
    account.client("dynamodb").update_table(TableName=names.CONTROL_TABLE, DeletionProtectionEnabled=False)

    assert run(account) == [
        f"set versioning of bucket {STANDING}",
        f"set policy of bucket {STANDING}",
        f"set tags of bucket {STANDING}",
        "set deletion protection of table tee-control",
    ]

    assert run(account) == []
    statements = json.loads(s3.get_bucket_policy(Bucket=STANDING)["Policy"])["Statement"]
    assert [statement["Sid"] for statement in statements] == ["Own", "OnlyEncrypted"]
    assert {tag["Key"] for tag in s3.get_bucket_tagging(Bucket=STANDING)["TagSet"]} == {"team", "tee:managed-by"}


def test_killed_after_every_single_write_it_is_finished_by_the_next_runs(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run gets one write further, so each begins where a run may have been killed."""

    def kill() -> None:
        raise Killed

    monkeypatch.setattr(Account, "on_write", staticmethod(kill))
    killed = 0
    while True:
        try:
            assert run(account) == []
            break
        except Killed:
            killed += 1

    assert 15 < killed < 30
    assert len(keys(account)) == 1


@pytest.mark.parametrize(
    ("call", "times"), [("CreateKey", 1), ("CreateAlias", 1), ("CreateBucket", 2), ("CreateTable", 1)]
)
def test_another_run_in_the_middle_makes_no_second_one(
    account: Account, monkeypatch: pytest.MonkeyPatch, call: str, times: int
) -> None:
    others: list[list[str]] = []

    def meanwhile(name: str) -> None:
        if name == call and len(others) < times:
            others.append([])
            others[-1] = run(account)

    monkeypatch.setattr(Account, "on_call", staticmethod(meanwhile))
    run(account)

    assert others
    assert run(account) == []
    assert len(keys(account)) == 1


def test_a_bucket_of_another_account_is_refused(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS", "false")
    make_elsewhere(account, STANDING)

    with pytest.raises(ForeignBucketError, match=STANDING):
        run(account)

    assert account.client("dynamodb").list_tables()["TableNames"] == []


def test_also_one_that_another_account_makes_at_the_moment(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(call: str) -> None:
        if call == "CreateBucket":
            monkeypatch.setattr(Account, "on_call", staticmethod(lambda _: None))
            make_elsewhere(account, STANDING)

    monkeypatch.setattr(Account, "on_call", staticmethod(meanwhile))
    with pytest.raises(ForeignBucketError, match=STANDING):
        run(account)


def make_elsewhere(account: Account, bucket: str) -> None:
    role = "arn:aws:iam::210987654321:role/other"
    found = account.client("sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    other = boto3.client(
        "s3",
        region_name=REGION,
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
    )
    other.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})


def test_a_bucket_that_somebody_changes_at_the_moment_is_asked_for_again(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_bucket, "PAUSE_SECONDS", 0.0)
    busy = ["first", "second"]

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        if request.method != "PUT" or not busy or "versioning" not in request.url:
            return None
        busy.pop()
        raw = io.BytesIO(b"<Error><Code>OperationAborted</Code><Message>conflict</Message></Error>")
        return AWSResponse(request.url, 409, {}, RawResponse(raw))

    SESSION.events.register_first("before-send.s3", answer)
    try:
        assert run(account) == EVERYTHING
    finally:
        SESSION.events.unregister("before-send.s3", answer)
    assert busy == []


class RawResponse:
    """As urllib3 hands it out."""

    def __init__(self, raw: io.BytesIO) -> None:
        self._raw = raw

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._raw.read()


def test_a_key_that_is_to_be_deleted_is_not_replaced(account: Account) -> None:
    run(account)
    account.client("kms").schedule_key_deletion(KeyId=keys(account)[0].rsplit("/")[-1])

    with pytest.raises(UnusableError, match="PendingDeletion"):
        run(account)


def test_a_table_with_other_keys_is_refused(account: Account) -> None:
    account.client("dynamodb").create_table(
        TableName=names.CONTROL_TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )

    with pytest.raises(UnusableError, match="'id'"):
        run(account)


def test_an_account_that_is_prepared_costs_one_request(account: Account, calls: list[str]) -> None:
    said: list[str] = []
    bootstrap_once(account, ACCOUNT, REGION, said.append)
    calls.clear()

    bootstrap_once(account, ACCOUNT, REGION, said.append)

    assert calls == ["DescribeTable"]
    assert len(said) == 1
