"""Which AWS an environment goes to: never guessed, and said before anything else."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from tee_infra.core.settings import Settings
from tee_infra.errors import RefusedError, UsageError

EMBEDDED_ACCOUNT_ID: Final = "000000000000"
"""What the embedded AWS calls itself. No real account has this number."""

ENDPOINT_VARIABLE: Final = "AWS_ENDPOINT_URL"
PROVIDERS_VARIABLE: Final = "PULUMI_DEBUG_PROVIDERS"


class NoTargetError(RefusedError):
    """The settings name no account, and the shell has no embedded AWS."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        super().__init__(
            f"no AWS to use for {environment}",
            next=f"Set environment.account_id in Pulumi.{environment}.yaml, or take the embedded AWS into this shell "
            'with `eval "$(tee-infra local env)"`',
        )


class HalfEmbeddedError(UsageError):
    """The shell has a part of the embedded AWS only; `reason` says which part is wrong."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason, next='Take both from `eval "$(tee-infra local env)"`, or unset them')


@dataclass(frozen=True, kw_only=True)
class AwsTarget:
    """The AWS to use. `endpoint` and `provider_port` are the embedded one's, and None for a real account."""

    account_id: str
    endpoint: str | None = None
    provider_port: int | None = None

    @property
    def embedded(self) -> bool:
        """Whether nothing real can be touched."""
        return self.endpoint is not None

    def describe(self) -> str:
        """The first line of every command: `embedded AWS at http://127.0.0.1:4566`, `AWS account 123456789012`."""
        return f"embedded AWS at {self.endpoint}" if self.embedded else f"AWS account {self.account_id}"


def choose_target(settings: Settings, environ: Mapping[str, str], *, force_local: bool = False) -> AwsTarget:
    """The embedded AWS if the shell carries it in `environ`, else the account that the settings name.

    The engine attaches to the embedded provider whatever the program says, so settings that name an account are held
    to it there: the provider refuses, as it is another account. `force_local` takes the embedded AWS for granted
    whatever the settings name. Raises `NoTargetError` where neither is there, and
    `HalfEmbeddedError` for a shell that would send one half of the work to the one and the rest to the other.
    """
    port = _provider_port(environ.get(PROVIDERS_VARIABLE, ""))
    endpoint = environ.get(ENDPOINT_VARIABLE)
    if port is not None:
        if not is_loopback(endpoint):
            raise HalfEmbeddedError(
                f"{PROVIDERS_VARIABLE} names the embedded aws, but {ENDPOINT_VARIABLE} is {endpoint!r}"
            )
        account_id = EMBEDDED_ACCOUNT_ID if force_local else settings.account_id or EMBEDDED_ACCOUNT_ID
        return AwsTarget(account_id=account_id, endpoint=endpoint, provider_port=port)
    if settings.account_id is None or force_local:
        raise NoTargetError(settings.name)
    if is_loopback(endpoint):
        raise HalfEmbeddedError(f"{ENDPOINT_VARIABLE} is {endpoint!r}, but {PROVIDERS_VARIABLE} names no embedded aws")
    return AwsTarget(account_id=settings.account_id)


def _provider_port(providers: str) -> int | None:
    """The port in `aws:PORT`, one of the comma-separated attached providers."""
    for provider in providers.split(","):
        name, _, port = provider.strip().partition(":")
        if name == "aws" and port.isascii() and port.isdigit():
            return int(port)
    return None


def is_loopback(endpoint: str | None) -> bool:
    """Whether a URL leads to this machine. None does not."""
    host = urlsplit(endpoint or "").hostname
    if host is None:
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
