"""How to reach AWS: the shell's own way, or the embedded AWS."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError
from botocore.parsers import ResponseParserError

from tee_infra.errors import RemoteError, UsageError


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Where calls go. What is None comes from where boto3 looks: variables, profile, instance.

    `region` as in `us-east-1`; `endpoint` is a URL; `access_key` is the embedded AWS's fake key and secret.
    """

    region: str | None = None
    endpoint: str | None = None
    access_key: str | None = None

    def session(self) -> boto3.Session:
        """The session for clients, each made with `endpoint_url=connection.endpoint`, and in one thread."""
        return self._session

    @cached_property
    def _session(self) -> boto3.Session:
        """One for all, since each reads botocore's models anew: 0.15 s."""
        return boto3.Session(
            region_name=self.region, aws_access_key_id=self.access_key, aws_secret_access_key=self.access_key
        )


class AwsError(RemoteError):
    """AWS refused or did not answer; `what` was asked."""

    def __init__(self, what: str, reason: str, *, next: str | None = None) -> None:  # noqa: A002
        self.what = what
        super().__init__(f"{what}: {reason}", next=next)


@contextmanager
def aws_errors(what: str) -> Generator[None]:
    """Turn botocore's errors into one line each, those with which it meets an answer that it cannot read as well."""
    try:
        yield
    except NoCredentialsError:
        raise AwsError(what, "no AWS credentials", next="Log in and set AWS_PROFILE, or use --local") from None
    except NoRegionError:
        raise UsageError(f"{what}: no AWS region", next="Set AWS_REGION, or use --local") from None
    except (BotoCoreError, ClientError, ResponseParserError, UnicodeDecodeError) as error:
        raise AwsError(what, " ".join(str(error).split())) from None
