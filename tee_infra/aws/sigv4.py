"""AWS Signature Version 4 for the one kind of request that the data engine sends: a JSON POST to DynamoDB.

The tests compare it with botocore's `SigV4Auth` on random requests. That costs about twenty times as much,
because it handles every service; here the canonical request is a format string.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

_SERVICE = "dynamodb"


class Keys(NamedTuple):
    """One set of credentials; `token` is a session's."""

    access_key: str
    secret_key: str
    token: str | None = None


@dataclass(slots=True)
class Signer:
    """Signs for one host and region. The signing key is derived once per day and secret."""

    host: str
    region: str
    path: str = "/"
    _derived: tuple[str, str] = ("", "")
    _signing_key: bytes = b""
    _stamp: tuple[int, str] = (-1, "")

    def headers(self, keys: Keys, operation: str, body: bytes, now: float) -> str:
        """The signed header lines of a request, without the first line and `Content-Length`.

        `now` is seconds since 1970; `operation` is DynamoDB's name for it.
        """
        stamp = self._timestamp(now)
        scope = f"{stamp[:8]}/{self.region}/{_SERVICE}/aws4_request"
        lines = f"content-type:application/x-amz-json-1.0\nhost:{self.host}\nx-amz-date:{stamp}\n"
        names = "content-type;host;x-amz-date"
        if keys.token:
            lines += f"x-amz-security-token:{keys.token}\n"
            names += ";x-amz-security-token"
        target = f"DynamoDB_20120810.{operation}"
        lines += f"x-amz-target:{target}\n"
        names += ";x-amz-target"
        canonical = f"POST\n{self.path}\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
        signature = hmac.digest(self._key(keys.secret_key, stamp[:8]), to_sign.encode(), "sha256").hex()
        credential = f"Credential={keys.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        return f"{lines}authorization:AWS4-HMAC-SHA256 {credential}\n".replace("\n", "\r\n")

    def _timestamp(self, now: float) -> str:
        second = int(now)
        if self._stamp[0] != second:
            self._stamp = (second, datetime.fromtimestamp(second, UTC).strftime("%Y%m%dT%H%M%SZ"))
        return self._stamp[1]

    def _key(self, secret: str, day: str) -> bytes:
        if self._derived != (secret, day):
            key = f"AWS4{secret}".encode()
            for part in (day, self.region, _SERVICE, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._signing_key, self._derived = key, (secret, day)
        return self._signing_key
