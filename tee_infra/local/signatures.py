"""The check of a request's signature: Version 4 of AWS's, in the header or the query, and Version 2 in the query.

The last is how botocore presigns URLs of S3 by default. The rules are of AWS's documents "Signature Version 4 signing
process" and "Signing and authenticating REST requests"; the tests have botocore's signers sign.
"""

import hashlib
import hmac
import re
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote_to_bytes

Environ = dict[str, Any]
FindSecret = Callable[[str, str], str | None]
"""(access key id, session token or empty) -> secret key, None for keys that were never given or have expired."""

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_SHA256: Final = re.compile("[0-9a-f]{64}")
_SUBRESOURCES: Final = frozenset({
    "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "inventory", "lifecycle", "location", "logging",
    "metrics", "notification", "partNumber", "policy", "replication", "requestPayment", "tagging", "torrent",
    "uploadId", "uploads", "versionId", "versioning", "versions", "website", "response-cache-control",
    "response-content-disposition", "response-content-encoding", "response-content-language", "response-content-type",
    "response-expires",
})  # fmt: skip
"""The query parameters of S3 that a Version 2 signature covers."""


class UnsignedError(Exception):
    """A request without a signature that these credentials make; `code` is AWS's for it."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def require_signature(environ: Environ, find_secret: FindSecret) -> None:
    """Raise `UnsignedError` unless a key that `find_secret` knows has signed the request.

    A body that the signature covers is read only for a known key, and put back.
    """
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    try:
        if environ.get("HTTP_AUTHORIZATION", "").startswith(_ALGORITHM):
            _require_header(environ, find_secret)
        elif query.get("X-Amz-Algorithm") == _ALGORITHM:
            _require_presigned(environ, query, find_secret)
        elif "AWSAccessKeyId" in query:
            _require_presigned_2(environ, query, find_secret)
        else:
            raise UnsignedError("MissingAuthenticationToken", "the request has no signature")
    except (KeyError, ValueError):
        raise UnsignedError("IncompleteSignature", "the signature is incomplete") from None


def require_signed_by(environ: Environ, access_key: str) -> None:
    """Raise `UnsignedError` unless this key's signature, which must be a header, covers the body as well."""
    signed = environ.get("HTTP_AUTHORIZATION", "").startswith(f"{_ALGORITHM} Credential={access_key}/")
    declared = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
    covered = not declared or _SHA256.fullmatch(declared)
    if not signed or not covered or environ["REQUEST_METHOD"] != "POST":
        raise UnsignedError("AccessDenied", "only its own credentials control it")


def _require_header(environ: Environ, find_secret: FindSecret) -> None:
    given = environ["HTTP_AUTHORIZATION"].removeprefix(_ALGORITHM)
    fields = dict(part.strip().split("=", 1) for part in given.split(","))
    secret = _secret(find_secret, fields["Credential"].split("/")[0], environ.get("HTTP_X_AMZ_SECURITY_TOKEN", ""))
    declared = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
    payload = _payload_hash(environ) if not declared or _SHA256.fullmatch(declared) else declared
    if declared and payload != declared:
        raise UnsignedError("XAmzContentSHA256Mismatch", "the body is not the one that was signed")
    stamp = environ.get("HTTP_X_AMZ_DATE") or _stamp_of_date(environ["HTTP_DATE"])
    _compare(environ, secret, fields, stamp, query=environ.get("QUERY_STRING", ""), payload=payload)


def _require_presigned(environ: Environ, query: Mapping[str, str], find_secret: FindSecret) -> None:
    secret = _secret(find_secret, query["X-Amz-Credential"].split("/")[0], query.get("X-Amz-Security-Token", ""))
    stamp = query["X-Amz-Date"]
    signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    _require_unexpired(signed_at + int(query["X-Amz-Expires"]))
    fields = {name: query[f"X-Amz-{name}"] for name in ("Credential", "SignedHeaders", "Signature")}
    signed = "&".join(part for part in environ["QUERY_STRING"].split("&") if not part.startswith("X-Amz-Signature="))
    for_s3 = fields["Credential"].split("/")[3] == "s3"
    payload = "UNSIGNED-PAYLOAD" if for_s3 else _payload_hash(environ)
    _compare(environ, secret, fields, stamp, query=signed, payload=payload)


def _require_presigned_2(environ: Environ, query: Mapping[str, str], find_secret: FindSecret) -> None:
    secret = _secret(find_secret, query["AWSAccessKeyId"], query.get("x-amz-security-token", ""))
    _require_unexpired(int(query["Expires"]))
    amz = {name: value for name, value in query.items() if name.lower().startswith("x-amz-")}
    amz |= {_dashed(name): value for name, value in environ.items() if name.startswith("HTTP_X_AMZ_")}
    lines = [f"{name.lower()}:{value.strip()}\n" for name, value in sorted(amz.items())]
    covered = sorted((name, value) for name, value in query.items() if name in _SUBRESOURCES)
    resource = _raw_path(environ) + "?" * bool(covered) + "&".join(f"{n}={v}" if v else n for n, v in covered)
    head = (environ["REQUEST_METHOD"], environ.get("HTTP_CONTENT_MD5", ""), environ.get("CONTENT_TYPE", ""))
    to_sign = "\n".join([*head, query["Expires"], "".join(lines) + resource])
    expected = b64encode(hmac.digest(secret.encode(), to_sign.encode("latin-1"), "sha1")).decode()
    _require_equal(query["Signature"], expected)


def _compare(environ: Environ, secret: str, fields: Mapping[str, str], stamp: str, *, query: str, payload: str) -> None:
    _, day, region, service, end = fields["Credential"].split("/")
    names = fields["SignedHeaders"].split(";")
    if "host" not in names or end != "aws4_request":
        raise ValueError
    lines = "".join(f"{name}:{' '.join(_header(environ, name).split())}\n" for name in names)
    path = _raw_path(environ)
    path = path if service == "s3" else quote(_normal(path), safe="/~")
    parts = (environ["REQUEST_METHOD"], path, _canonical_query(query), lines, fields["SignedHeaders"], payload)
    digest = hashlib.sha256("\n".join(parts).encode("latin-1")).hexdigest()
    to_sign = f"{_ALGORITHM}\n{stamp}\n{day}/{region}/{service}/aws4_request\n{digest}"
    expected = hmac.digest(_signing_key(secret, day, region, service), to_sign.encode(), "sha256").hex()
    _require_equal(fields["Signature"], expected)


def _secret(find_secret: FindSecret, access_key: str, token: str) -> str:
    secret = find_secret(access_key, token)
    if secret is None:
        raise UnsignedError("UnrecognizedClientException", "the access key is not one of this embedded AWS")
    return secret


def _require_equal(given: str, expected: str) -> None:
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise UnsignedError("SignatureDoesNotMatch", "the secret key does not make this signature")


def _require_unexpired(end: float) -> None:
    if time.time() > end:
        raise UnsignedError("AccessDenied", "the presigned URL has expired")


@lru_cache(maxsize=64)
def _signing_key(secret: str, *scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (*scope, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _payload_hash(environ: Environ) -> str:
    length = environ.get("CONTENT_LENGTH")
    chunked = environ.get("wsgi.input_terminated") and not length
    body = environ["wsgi.input"].read() if chunked else environ["wsgi.input"].read(int(length or 0))
    environ["wsgi.input"] = BytesIO(body)
    return hashlib.sha256(body).hexdigest()


def _canonical_query(query: str) -> str:
    pairs = (part.partition("=") for part in query.split("&") if part)
    return "&".join(
        f"{name}={value}" for name, value in sorted((_again(name), _again(value)) for name, _, value in pairs)
    )


def _again(text: str) -> str:
    """Clients differ in what they encode, and in how they send a space."""
    return quote(unquote_to_bytes(text.replace("+", " ")), safe="-_.~")


def _raw_path(environ: Environ) -> str:
    return str(environ["RAW_URI"]).partition("?")[0]


def _normal(path: str) -> str:
    """Without empty and dot segments (RFC 3986, 5.2.4); a slash at the end stays."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            kept = kept[:-1]
        elif segment not in ("", "."):
            kept.append(segment)
    return f"/{'/'.join(kept)}" + ("/" if kept and path.endswith("/") else "")


def _header(environ: Environ, name: str) -> str:
    key = name.upper().replace("-", "_")
    value = environ.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}")
    if value is None:
        raise ValueError
    return str(value)


def _dashed(key: str) -> str:
    return key.removeprefix("HTTP_").lower().replace("_", "-")


def _stamp_of_date(date: str) -> str:
    parsed = datetime.strptime(date, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    return parsed.strftime("%Y%m%dT%H%M%SZ")
