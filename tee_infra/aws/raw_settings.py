"""The settings of the raw transport: what botocore's own client does with a request, read from that client.

No variable or file is read here. The client prepares a Scan and signs it, and the request is taken from it before it is
sent; trust, timeouts and proxies are those of the client's HTTP session. `docs/transports.md` has every setting.
"""

import re
import ssl
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest
from botocore.httpsession import get_cert_path

from tee_infra.aws.connection import TRUST
from tee_infra.aws.credentials import SessionKeys
from tee_infra.aws.dynamodb_raw import RawSettings
from tee_infra.errors import UsageError

_URL: Final = re.compile(r"https?://([\w.-]+|\[[\da-f:]+\])(:\d+)?(/[\w~-][\w.~-]*)*/?", re.ASCII | re.IGNORECASE)
_SIGNED: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^ ]+/\d{8}/(?P<region>[^/ ]+)/dynamodb/aws4_request, "
    r"SignedHeaders=content-type;host;x-amz-date;(x-amz-security-token;)?x-amz-target, Signature=\w+"
)
_HEADERS: Final = frozenset(
    {
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "authorization",
        "content-length",
        "content-type",
        "user-agent",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-target",
        "x-amzn-trace-id",
    }
)
"""What botocore sends by default; the raw transport leaves out what AWS ignores."""


class PreparedError(Exception):
    """Carries the request out of botocore's client."""

    def __init__(self, request: AWSPreparedRequest) -> None:
        self.request = request


def check_verified(client: Any) -> None:
    """Raises `UsageError` for a client that does not verify certificates."""
    endpoint = str(client.meta.endpoint_url)
    if not client._endpoint.http_session._verify:
        raise UsageError(f"{endpoint}: certificates are not verified. Nothing was sent", next=TRUST)


def read_settings(client: Any, keys: SessionKeys) -> RawSettings | str:
    """The settings of `client`, whose credentials are `keys`, or what of them only botocore can do, e.g. `"a proxy"`.

    Raises `UsageError` for certificates that cannot be read or are not verified, and botocore's errors.
    """
    check_verified(client)
    request, http = _prepare(client), client._endpoint.http_session
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    signed = _SIGNED.fullmatch(headers.get("authorization", ""))
    if http._proxy_config.proxy_url_for(request.url):
        return "a proxy"
    if headers["x-amz-target"] != "DynamoDB_20120810.Scan":
        return f"the request {headers['x-amz-target']} before each operation"
    if signed is None:
        return "another signature"
    if unknown := headers.keys() - _HEADERS:
        return f"the header {min(unknown)}"
    if not _URL.fullmatch(request.url):
        return f"the address {request.url}"
    return RawSettings(
        url=request.url,
        region=signed["region"],
        credentials=keys,
        renew=keys.renew,
        context=_context(http) if urlsplit(request.url).scheme == "https" else None,
        seconds=(http._timeout.connect_timeout, http._timeout.read_timeout),
        options=tuple(http._socket_options),
        user_agent=headers.get("user-agent", ""),
    )


def _prepare(client: Any) -> AWSPreparedRequest:
    def take(request: AWSPreparedRequest, **_: Any) -> None:
        raise PreparedError(request)

    client.meta.events.register_first("before-send.dynamodb", take)
    try:
        client.scan(TableName="raw")
    except PreparedError as prepared:
        return prepared.request
    finally:
        client.meta.events.unregister("before-send.dynamodb", take)
    raise AssertionError("botocore sent a request without preparing it")


def _context(http: Any) -> ssl.SSLContext:
    """botocore's protocols and ciphers; it checks the host name after the handshake, this context does in it."""
    context: ssl.SSLContext = http._get_ssl_context()
    context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
    context.check_hostname = True
    path = str(get_cert_path(http._verify))
    try:
        context.load_verify_locations(cafile=path)
        if http._cert_file:
            path = http._cert_file
            context.load_cert_chain(path, http._key_file)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"{path}: no certificates: {reason}. Nothing was sent", next=TRUST) from None
    return context


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
