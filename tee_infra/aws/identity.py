"""The account of the credentials, and the difference of the clock, which signing needs."""

import urllib.request
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from tee_infra.aws.connection import TRUST, Connection, is_untrusted
from tee_infra.core.target import is_loopback
from tee_infra.errors import RefusedError, RemoteError

_LOG_IN: Final = "Log in (aws sso login) and set AWS_PROFILE, or use --local for the embedded AWS"


class NoAccessError(RemoteError):
    """No access to AWS: no credentials, expired ones, no network, or a certificate that is not trusted."""

    def __init__(self, account: str, reason: str, *, next: str = _LOG_IN) -> None:  # noqa: A002
        self.account = account
        super().__init__(f"no access to {account}: {reason}", next=next)


class WrongAccountError(RefusedError):
    """The credentials belong to another account than the one in the settings."""

    def __init__(self, expected: str, actual: str) -> None:
        self.expected = expected
        self.actual = actual
        super().__init__(
            f"the settings name AWS account {expected}, but these credentials belong to {actual}; nothing was changed",
            next="Choose other credentials with AWS_PROFILE",
        )


class AssumeRoleError(RemoteError):
    """STS gave no session of `role`."""

    def __init__(self, subject: str, role: str, option: str | None, reason: str) -> None:
        self.subject = subject
        self.role = role
        super().__init__(
            f"{subject}: cannot assume {role}: {reason}. Nothing was read or written",
            next="Allow this identity sts:AssumeRole on the role (one of production also needs a second factor)"
            + (f", or name another role with {option} ARN" if option else ""),
        )


def require_account(connection: Connection, account_id: str) -> str:
    """Check that the credentials in use belong to `account_id`; the ARN of their identity.

    Raises `NoAccessError`, `WrongAccountError`.
    """
    actual, caller = _caller(connection, f"AWS account {account_id}")
    if actual != account_id:
        raise WrongAccountError(account_id, actual)
    return caller


def require_role(connection: Connection, subject: str, option: str | None) -> None:
    """Check that the connection's role can be assumed. Raises `AssumeRoleError`, `NoAccessError`."""
    role = connection.role or ""
    try:
        credentials = connection.session().get_credentials()
        if credentials is not None:
            credentials.get_frozen_credentials()
    except NoCredentialsError:
        raise NoAccessError(role, "there are no credentials") from None
    except (BotoCoreError, ClientError) as error:
        reason = " ".join(str(error).split())
        if is_untrusted(error):
            raise NoAccessError(role, reason, next=TRUST) from None
        raise AssumeRoleError(subject, role, option, reason) from None


def current_account(connection: Connection) -> str:
    """The account that the credentials in use belong to. Raises `NoAccessError`."""
    return _caller(connection, "the AWS account of this shell")[0]


def _caller(connection: Connection, account: str) -> tuple[str, str]:
    """The account and the ARN of the credentials in use."""
    try:
        identity = connection.session().client("sts").get_caller_identity()
        return identity["Account"], identity["Arn"]
    except NoCredentialsError:
        raise NoAccessError(account, "there are no credentials") from None
    except (BotoCoreError, ClientError) as error:
        advice = TRUST if is_untrusted(error) else _LOG_IN
        raise NoAccessError(account, " ".join(str(error).split()), next=advice) from None


def credentials_source() -> str | None:
    """boto3's source of credentials (`env`, `sso`, `shared-credentials-file` …), without using them. None: none."""
    try:
        credentials = boto3.Session().get_credentials()
    except BotoCoreError:
        return None
    return credentials.method if credentials else None


def clock_skew(endpoint: str) -> float | None:
    """Seconds that this clock is ahead of the `Date` in an answer of `endpoint`; None without an answer."""
    direct = [urllib.request.ProxyHandler({})] if is_loopback(endpoint) else []
    try:
        with urllib.request.build_opener(*direct).open(endpoint, timeout=2) as answer:
            said = parsedate_to_datetime(answer.headers["Date"])
    except (OSError, TypeError, ValueError):
        return None
    return (datetime.now(UTC) - said).total_seconds()
