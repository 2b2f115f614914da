"""The AWS account or embedded AWS of an environment: decided by its settings, never by the shell, printed first."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from tee_infra.core.settings import Settings
from tee_infra.errors import RefusedError, UsageError

EMBEDDED_ACCOUNT_ID: Final = "000000000000"
"""The account id of the embedded AWS. No real account has this number."""

ENDPOINT_VARIABLE: Final = "AWS_ENDPOINT_URL"
PROVIDERS_VARIABLE: Final = "PULUMI_DEBUG_PROVIDERS"
BACKEND_VARIABLE: Final = "PULUMI_BACKEND_URL"

_SUFFIXES: Final = (
    ".amazonaws.com", ".api.aws", ".amazonaws.com.cn", ".api.amazonwebservices.com.cn", ".amazonaws.eu",
    ".api.amazonwebservices.eu", ".c2s.ic.gov", ".sc2s.sgov.gov", ".cloud.adc-e.uk", ".csp.hci.ic.gov",
)  # fmt: skip
"""The DNS suffixes of AWS's partitions, also of its VPC endpoints."""
_ENDPOINT: Final = re.compile(
    r"https?://([\w.-]*\w|\[[\da-f:.]+\])(:(?P<port>\d{1,5}))?(/[\w./~-]*)?", re.ASCII | re.IGNORECASE
)
_PORTS: Final = range(1, 65536)
_LABELS: Final = {
    "dynamodb": {"dynamodb", "ddb"},
    "cloudwatch": {"monitoring"},
    "resourcegroupstaggingapi": {"tagging"},
}
"""The label that a service has in its hosts' names, where it is not the service's own name."""


class NoTargetError(RefusedError):
    """The settings name no account, and the shell's variables no embedded AWS."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        super().__init__(
            f"no AWS account is set for {environment}",
            next=f"Set environment.account_id in Pulumi.{environment}.yaml, or use the embedded AWS in this shell: "
            '`eval "$(tee-infra local env)"`',
        )


class HalfEmbeddedError(UsageError):
    """The shell has only one of the embedded AWS's two variables; `reason` names the wrong one."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason, next='Take both from `eval "$(tee-infra local env)"`, or unset them')


class DivertedError(RefusedError):
    """The settings name an account, and the shell would send requests to something that is not AWS."""

    def __init__(self, environment: str, account_id: str, found: str, cure: str) -> None:
        self.environment = environment
        self.account_id = account_id
        super().__init__(
            f"{environment}: its settings name AWS account {account_id}, but {found}. Nothing was contacted. "
            f"{cure}, or add --local for the embedded AWS"
        )


class AccountEndpointError(RefusedError):
    """An endpoint was asked for, and the settings name an account."""

    def __init__(self, environment: str, account_id: str, url: str) -> None:
        self.environment = environment
        self.account_id = account_id
        super().__init__(
            f"{environment}: its settings name AWS account {account_id}, but --endpoint-url is {url}. Nothing was "
            "contacted. Leave out --endpoint-url, or use --local for the embedded AWS"
        )


class NoAccountEndpointError(RefusedError):
    """An endpoint of AWS's own was asked for, and the settings name no account."""

    def __init__(self, environment: str, url: str) -> None:
        self.environment = environment
        super().__init__(
            f"{environment}: its settings name no account, but --endpoint-url {url} is AWS's own. Nothing was "
            f"contacted. Set environment.account_id in Pulumi.{environment}.yaml, or leave out --endpoint-url"
        )


class TargetFacts(NamedTuple):
    """Where a command went, for scripts. None: about no single environment, or at an endpoint without an account."""

    environment: str | None
    account_id: str | None
    region: str
    embedded: bool


@dataclass(frozen=True, kw_only=True)
class AwsTarget:
    """The AWS to use, for `environment`, or for a `subject` without one, such as `table:NAME`.

    `account_id` is empty at an endpoint outside AWS. `endpoint` is a URL: the embedded AWS's, None while it is not
    running, or a requested one; None for AWS's own. `provider_port` is the embedded AWS's.
    """

    account_id: str
    region: str
    environment: str | None = None
    subject: str = ""
    endpoint: str | None = None
    provider_port: int | None = None

    @property
    def embedded(self) -> bool:
        """Whether it is the embedded AWS."""
        return self.account_id == EMBEDDED_ACCOUNT_ID or self.provider_port is not None

    def describe(self) -> str:
        """`embedded AWS at http://127.0.0.1:4566`, `AWS account 123456789012`, `endpoint http://127.0.0.1:8000`."""
        if self.embedded:
            return f"embedded AWS at {self.endpoint}" if self.endpoint else "embedded AWS, not running yet"
        return f"AWS account {self.account_id}" if self.account_id else f"endpoint {self.endpoint}"

    @property
    def name(self) -> str:
        """What the command is about."""
        return self.environment or self.subject

    def where(self) -> str:
        """`AWS account 123456789012, us-east-1`; with the name before it, the first line of every command."""
        return f"{self.describe()}, {self.region}"

    def facts(self) -> TargetFacts:
        """The same for scripts."""
        return TargetFacts(
            self.environment, None if self.embedded else self.account_id or None, self.region, self.embedded
        )


def choose_target(settings: Settings, environ: Mapping[str, str]) -> AwsTarget:
    """For plain `pulumi`: the embedded AWS if `environ` has its variables, otherwise the account in the settings.

    The engine attaches to the embedded provider for every program, so the provider refuses settings that name an
    account: it is another account. Raises `NoTargetError` where there is neither, and `HalfEmbeddedError` for a shell
    whose variables would send some requests to the embedded AWS and the others to a real account.
    """
    port = provider_port(environ)
    endpoint = environ.get(ENDPOINT_VARIABLE)
    name, region = settings.name, settings.region
    if port is not None:
        if not is_loopback(endpoint):
            raise HalfEmbeddedError(
                f"{PROVIDERS_VARIABLE} names the embedded aws, but {ENDPOINT_VARIABLE} is {endpoint!r}"
            )
        account_id = settings.account_id or EMBEDDED_ACCOUNT_ID
        return AwsTarget(account_id=account_id, region=region, environment=name, endpoint=endpoint, provider_port=port)
    if settings.account_id is None:
        raise NoTargetError(settings.name)
    if is_loopback(endpoint):
        raise HalfEmbeddedError(f"{ENDPOINT_VARIABLE} is {endpoint!r}, but {PROVIDERS_VARIABLE} has no embedded aws")
    return AwsTarget(account_id=settings.account_id, region=region, environment=name)


def require_own_endpoints(
    environment: str,
    account_id: str,
    endpoints: Mapping[str, str],
    environ: Mapping[str, str],
    *,
    embedded_state: str,
) -> None:
    """Make sure that a shell leads to AWS itself, and not to something that stands in for it.

    `endpoints` are those that the SDKs would use in place of AWS's (service -> URL), `embedded_state` is the URL of the
    embedded AWS's state. Raises `DivertedError`.
    """
    if environ.get(BACKEND_VARIABLE) == embedded_state:
        found = f"this shell keeps state with the embedded AWS's ({BACKEND_VARIABLE})"
        raise DivertedError(environment, account_id, found, "Open a shell without `tee-infra local env`")
    if provider_port(environ) is not None:
        found = f"this shell attaches the engine to another provider ({PROVIDERS_VARIABLE})"
        raise DivertedError(environment, account_id, found, _cure([PROVIDERS_VARIABLE, ENDPOINT_VARIABLE]))
    for service, url in endpoints.items():
        if not is_aws(service, url):
            variables = [name for name in environ if name.startswith(ENDPOINT_VARIABLE)]
            found = f"this shell sends requests for {service} to {url}"
            raise DivertedError(environment, account_id, found, _cure(variables))


def is_aws(service: str, url: str) -> bool:
    """Whether a URL is an endpoint of AWS's for `service` (boto3's name), a VPC endpoint included."""
    host = (_host(url) or "").rstrip(".")
    labels = {label.removesuffix("-fips") for label in host.split(".")}
    return host.endswith(_SUFFIXES) and bool(labels & _LABELS.get(service, {service}))


def is_endpoint(url: str) -> bool:
    """Whether a text can be an endpoint: `http://` or `https://`, a host, and perhaps a port and a path."""
    found = _ENDPOINT.fullmatch(url)
    return found is not None and int(found["port"] or 1) in _PORTS


def is_loopback(endpoint: str | None) -> bool:
    """Whether a URL is of this machine. None is not."""
    host = _host(endpoint or "")
    if host is None:
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def provider_port(environ: Mapping[str, str]) -> int | None:
    """The port in `aws:PORT`, one of the comma-separated providers that the engine attaches to."""
    for provider in environ.get(PROVIDERS_VARIABLE, "").split(","):
        name, _, port = provider.strip().partition(":")
        if name == "aws" and port.isascii() and port.isdigit():
            return int(port)
    return None


def _cure(variables: list[str]) -> str:
    return f"Unset {' and '.join(variables)}" if variables else "Choose another profile with AWS_PROFILE"


def _host(url: str) -> str | None:
    """None also for what is no URL."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
