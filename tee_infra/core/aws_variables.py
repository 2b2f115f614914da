"""Variables that would lead an AWS SDK away from the embedded AWS, and what to do about each.

In every SDK a profile goes before access keys, or breaks the start where it does not exist; a token, an expiry or
another endpoint goes with keys that it does not belong to; FIPS and dual stack refuse an endpoint of one's own.
"""

from collections.abc import Mapping
from typing import Final

FOREIGN: Final = (
    "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_EXPIRATION",
    "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_ACCOUNT_ID", "AWS_ACCOUNT_ID_ENDPOINT_MODE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_CA_BUNDLE",
    "AWS_DEFAULTS_MODE",
)  # fmt: skip
"""To be unset, whether a shell has them now or not. Others that begin with `_PREFIXES` are, where a shell has them."""

_PREFIXES: Final = ("AWS_", "TF_AWS_")
_HARMLESS: Final = ("AWS_PAGER", "AWS_CLI_", "AWS_EXECUTION_ENV")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_SERVICES: Final = (
    "CLOUDWATCH", "CLOUDWATCH_LOGS", "DYNAMODB", "DYNAMODB_STREAMS", "EVENTBRIDGE", "IAM", "KMS", "S3", "SNS", "SSM",
    "STS",
)  # fmt: skip

PROFILE: Final = "embedded"


def foreign_variables(environ: Mapping[str, str], kept: Mapping[str, str]) -> list[str]:
    """The variables to unset beside those that are `kept`, sorted."""
    found = {name for name in environ if name.startswith(_PREFIXES) and not name.startswith(_HARMLESS)}
    return sorted((found | set(FOREIGN)) - set(kept))


def without_foreign(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of a shell that say nothing of AWS."""
    foreign = set(foreign_variables(environ, {}))
    return {name: value for name, value in environ.items() if name not in foreign}


def direct_to_loopback(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables with which no program takes a proxy to this machine. Keeps what a shell excepts already.

    gRPC looks at `no_grpc_proxy` first where it is set. `*` stays as it is: it excepts everything, but only by itself.
    """
    names = ["NO_PROXY", "no_proxy", *(name for name in ("no_grpc_proxy",) if name in environ)]
    known = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    return {name: _with_loopback(environ.get(name) or known) for name in names}


def profile_file(access_key: str, secret_key: str) -> str:
    """The text of a file with `PROFILE` and the embedded AWS's keys.

    It serves as AWS_CONFIG_FILE and as AWS_SHARED_CREDENTIALS_FILE: they spell a profile's heading differently.
    """
    keys = f"aws_access_key_id = {access_key}\naws_secret_access_key = {secret_key}\n"
    return f"[profile {PROFILE}]\n{keys}\n[{PROFILE}]\n{keys}"


def overriding_variables(endpoint: str, profile_file: str) -> dict[str, str]:
    """What a file of variables, which cannot unset any, sets against those that would win.

    An empty value will not do for all: botocore looks for a profile of that name. So the profile is one that has the
    embedded AWS's keys, in the file `profile_file`.
    """
    return {
        "AWS_PROFILE": PROFILE,
        "AWS_DEFAULT_PROFILE": PROFILE,
        "AWS_CONFIG_FILE": profile_file,
        "AWS_SHARED_CREDENTIALS_FILE": profile_file,
        "AWS_SESSION_TOKEN": "",
        "AWS_CREDENTIAL_EXPIRATION": "",
        "AWS_ACCOUNT_ID": "",
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_USE_FIPS_ENDPOINT": "false",
        "AWS_USE_DUALSTACK_ENDPOINT": "false",
        "AWS_DEFAULTS_MODE": "legacy",
        **{f"AWS_ENDPOINT_URL_{service}": endpoint for service in _SERVICES},
    }


def _with_loopback(excepted: str) -> str:
    entries = [entry.strip() for entry in excepted.split(",") if entry.strip()]
    if entries == ["*"]:
        return "*"
    return ",".join(dict.fromkeys([*entries, *_LOOPBACK]))
