"""The connection to AWS: by the shell's own settings, or to the embedded AWS with none of them."""

import os
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES, ConfigChainFactory, ConfigValueStore
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError, SSLError
from botocore.parsers import ResponseParserError

from tee_infra.errors import RemoteError, UsageError

TRUST: Final = (
    "Set AWS_CA_BUNDLE, or ca_bundle of the profile, to a PEM file with the certificate authorities of your network"
)
"""The next command where certificates cannot be verified."""
_UNTRUSTED: Final = ("CERTIFICATE_VERIFY_FAILED", "doesn't match", "no appropriate subjectAltName")
"""In the texts of `ssl` and of urllib3, which checks host names for botocore."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The destination of requests. None: boto3's own sources: variables, profile, instance.

    `region` is e.g. `us-east-1`; `endpoint` is a URL; `access_key` and `secret_key` are the embedded AWS's. With
    them, the shell's AWS settings and proxies are ignored. `role` is the ARN of a role that boto3's own credentials
    assume when a request first needs it, and again before each session of it ends.
    """

    region: str | None = None
    endpoint: str | None = None
    access_key: str | None = None
    role: str | None = None
    secret_key: str | None = field(default=None, repr=False)

    def session(self) -> boto3.Session:
        """The session for clients: create each with `endpoint_url=connection.endpoint`, and all in one thread."""
        return self._session

    @cached_property
    def _session(self) -> boto3.Session:
        """Shared, because every session reads botocore's models again: 0.15 s."""
        if self.access_key is None:
            # Every SDK but boto3 takes AWS_REGION, the engine's among them, and before the profile's region.
            own = boto3.Session(region_name=self.region or os.environ.get("AWS_REGION") or None)
            return own if self.role is None else _in_role(own, self.role)
        return boto3.Session(
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            botocore_session=_independent(),
        )


def _in_role(own: boto3.Session, role: str) -> boto3.Session:
    """A session with the shell's settings and the credentials of `role`."""
    core, session = own._session, botocore.session.Session()
    source = core.get_credentials()
    if source is None:
        raise NoCredentialsError
    session.register_component("data_loader", core.get_component("data_loader"))  # it has read botocore's models
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=partial(core.create_client, region_name=own.region_name),
        source_credentials=source,
        role_arn=role,
        extra_args={"RoleSessionName": "tee-infra"},
    )
    renewed = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
    core_session: Any = session  # botocore has no public way to hand a session credentials that renew themselves
    core_session._credentials = renewed
    return boto3.Session(region_name=own.region_name, botocore_session=session)


def _independent() -> botocore.session.Session:
    """A session that reads no variable and no file: every setting is botocore's default, or given in code."""
    session = botocore.session.Session()
    defaults = {name: entry[2] for name, entry in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()}
    defaults |= {"config_file": os.devnull, "credentials_file": os.devnull, "s3": None, "proxies_config": None}
    chain = ConfigChainFactory(session, environ={}).create_config_chain
    session.register_component(
        "config_store",
        ConfigValueStore({name: chain(instance_name=name, default=value) for name, value in defaults.items()}),
    )
    session.set_default_client_config(Config(proxies={}))
    return session


class AwsError(RemoteError):
    """AWS refused a request or did not answer; `what` is the operation."""

    def __init__(self, what: str, reason: str, *, next: str | None = None) -> None:  # noqa: A002
        self.what = what
        super().__init__(f"{what}: {reason}", next=next)


@contextmanager
def aws_errors(what: str, error_type: type[AwsError] = AwsError) -> Generator[None]:
    """Turn botocore's errors into one line each, including those that it does not know as its own.

    Its parser fails in any way for JSON of another shape than the operation's, and leaves out what is null or missing.
    Settings of the shell that it cannot use fail as anything: an endpoint without `http://`, a key that is not ASCII.
    """
    try:
        yield
    except NoCredentialsError:
        raise error_type(what, "no AWS credentials", next="Log in and set AWS_PROFILE, or use --local") from None
    except NoRegionError:
        raise UsageError(f"{what}: no AWS region", next="Set AWS_REGION, or use --local") from None
    except (BotoCoreError, ClientError, ResponseParserError, TimeoutError, UnicodeDecodeError) as error:
        raise error_type(what, " ".join(str(error).split()), next=TRUST if is_untrusted(error) else None) from None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        if (reason := _reason(error)) is None:
            raise
        raise error_type(what, reason) from None


def is_untrusted(error: BaseException) -> bool:
    """Whether botocore refused a server's certificate: behind a proxy that inspects TLS, it is the proxy's."""
    return isinstance(error, SSLError) and any(sign in str(error) for sign in _UNTRUSTED)


def _reason(error: Exception) -> str | None:
    """What is wrong with AWS's reply or the shell's settings; None for a mistake of this program.

    Members of replies are the only keys that begin with a capital letter in this package.
    """
    modules = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]
    if "botocore.parsers" in modules:
        return f"the reply is not AWS's: botocore cannot read it ({type(error).__name__})"
    name = error.args[0] if isinstance(error, KeyError) else None
    if isinstance(name, str) and name[:1].isupper() and modules[-1].startswith("tee_infra.aws."):
        return f"the reply is not AWS's: it has no {name}"
    if any(module.startswith(("boto3.", "botocore.")) for module in modules):
        return f"botocore cannot use the AWS settings of this shell ({' '.join(str(error).split())})"
    return None
