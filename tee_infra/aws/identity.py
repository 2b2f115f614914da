"""Whose credentials these are, and whether the clock is right for signing with them."""

import urllib.request
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from tee_infra.errors import RefusedError, RemoteError


class NoAccessError(RemoteError):
    """AWS cannot be asked who we are: no credentials, expired ones, or no way to reach it."""

    def __init__(self, account_id: str, reason: str) -> None:
        self.account_id = account_id
        super().__init__(
            f"no access to AWS account {account_id}: {reason}",
            next="Log in (aws sso login) and set AWS_PROFILE, or use --local for the embedded AWS",
        )


class WrongAccountError(RefusedError):
    """The credentials belong to another account than the settings name."""

    def __init__(self, expected: str, actual: str) -> None:
        self.expected = expected
        self.actual = actual
        super().__init__(
            f"the settings name AWS account {expected}, but these credentials belong to {actual}; nothing was changed",
            next="Choose others with AWS_PROFILE",
        )


def require_account(account_id: str, region: str) -> None:
    """Make sure that the credentials in use belong to `account_id`. Raises `NoAccessError`, `WrongAccountError`."""
    try:
        actual = boto3.Session(region_name=region).client("sts").get_caller_identity()["Account"]
    except NoCredentialsError:
        raise NoAccessError(account_id, "there are no credentials") from None
    except (BotoCoreError, ClientError) as error:
        raise NoAccessError(account_id, " ".join(str(error).split())) from None
    if actual != account_id:
        raise WrongAccountError(account_id, actual)


def credentials_source() -> str | None:
    """Where boto3 finds credentials (`env`, `sso`, `shared-credentials-file` …), without using them. None: nowhere."""
    try:
        credentials = boto3.Session().get_credentials()
    except BotoCoreError:
        return None
    return credentials.method if credentials else None


def clock_skew(endpoint: str) -> float | None:
    """Seconds that this clock is ahead of the `Date` which `endpoint` answers with; None when it does not answer."""
    try:
        with urllib.request.urlopen(endpoint, timeout=2) as answer:  # noqa: S310  # a loopback or AWS address of ours
            said = parsedate_to_datetime(answer.headers["Date"])
    except (OSError, TypeError, ValueError):
        return None
    return (datetime.now(UTC) - said).total_seconds()
