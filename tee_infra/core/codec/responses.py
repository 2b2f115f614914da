"""The meaning of one DynamoDB reply: done, slow down, retry, log in again, or give up."""

import zlib
from dataclasses import dataclass
from enum import StrEnum, auto
from http import HTTPStatus
from http.client import IncompleteRead
from typing import Final

import msgspec

SAME_BYTES: Final = 3
"""A reply that is no reply of DynamoDB is final when its bytes come this many times without a success between."""


class ResponseClass(StrEnum):
    """The caller's next step. The caller also retries the unprocessed items in a DONE reply."""

    DONE = auto()
    THROTTLED = auto()
    """Nothing happened; the caller retries later and at a lower rate, for as long as a table may need to scale."""
    TRANSIENT = auto()
    """It may or may not have happened; the caller retries for the length of an outage, which is safe for puts and
    reads."""
    SUSPECT = auto()
    """Not what DynamoDB sends: the caller retries, until the same bytes come for the third time."""
    UNAUTHENTICATED = auto()
    """The credentials were refused; a transport that can get others says TRANSIENT, and FATAL otherwise."""
    FATAL = auto()
    """A retry would give the same reply."""


@dataclass(frozen=True, slots=True)
class Response:
    """One reply: `body` is the JSON when DONE, the received bytes when SUSPECT. An error has `code` and `message`."""

    verdict: ResponseClass
    body: bytes = b""
    code: str = ""
    message: str = ""


# Error codes as the service spells them after the `#`: those of DynamoDB's guide, and those that botocore's standard
# retry mode treats alike.
_THROTTLES: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_TRANSIENTS: Final = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "ReplicatedWriteConflictException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "TransactionConflictException",
    }
)
_UNAUTHENTICATED: Final = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
ITEM_REFUSALS: Final = frozenset(
    {
        "Http413",
        "ItemCollectionSizeLimitExceededException",
        "RequestEntityTooLarge",
        "RequestTooLarge",
        "SerializationException",
        "ValidationException",
    }
)
"""Codes of a refusal that may be one item's: the other items of the request may be accepted."""
_PASSING: Final = frozenset({500, 502, 503, 504})
"""Statuses that pass without a word from DynamoDB: botocore retries the same ones."""
_EXCERPT: Final = 200


class _Error(msgspec.Struct):
    type: str = msgspec.field(name="__type", default="")
    message: str | None = None
    Message: str | None = None


def classify(status: int, body: bytes, crc32: bytes | str | None) -> Response:
    """Read an HTTP response. `crc32` is the `x-amz-crc32` header, None when there was none.

    A body that does not match its checksum is SUSPECT for every status.
    """
    if crc32 is not None and str(zlib.crc32(body)) != _text(crc32):
        return Response(ResponseClass.SUSPECT, body, "Crc32Mismatch", "the reply does not match its x-amz-crc32")
    if status == HTTPStatus.OK:
        return Response(ResponseClass.DONE, body)
    return _judge_error(status, body)


def lost(error: BaseException) -> Response:
    """The reply for a request without a response: reset, timed out, or broken off after some bytes of the body."""
    message = one_line(str(error))
    if isinstance(error, IncompleteRead) and error.partial:
        return Response(ResponseClass.SUSPECT, error.partial, type(error).__name__, message)
    return Response(ResponseClass.TRANSIENT, code=type(error).__name__, message=message)


def unexpected(body: bytes, reason: str) -> Response:
    """The reply for a body that does not fit its request."""
    return Response(ResponseClass.SUSPECT, body, "UnexpectedReply", f"the reply is not DynamoDB's: {one_line(reason)}")


def one_line(text: str) -> str:
    """Text from outside for an error's message: one printable line, cut to a length."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_EXCERPT]


@dataclass(slots=True)
class Repeats:
    """Recognizes a failure that repeats."""

    _last: tuple[str, bytes] = ("", b"")
    _times: int = 0

    def is_final(self, failure: Response) -> bool:
        """Whether a retry is pointless: FATAL, refused credentials, or the same bytes again."""
        if failure.verdict is not ResponseClass.SUSPECT:
            return failure.verdict in (ResponseClass.FATAL, ResponseClass.UNAUTHENTICATED)
        this = (failure.code, failure.body)
        self._times = self._times + 1 if this == self._last else 1
        self._last = this
        return self._times >= SAME_BYTES

    def forget(self) -> None:
        """A request succeeded."""
        self._last, self._times = ("", b""), 0


def _judge_error(status: int, body: bytes) -> Response:
    try:
        error = msgspec.json.decode(body, type=_Error)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        error = _Error()
    code = one_line(error.type.rpartition("#")[2]) or f"Http{status}"
    # The body of a success without error may be items.
    excerpt = "" if status < HTTPStatus.MULTIPLE_CHOICES else body[:_EXCERPT].decode(errors="replace")
    message = one_line(error.message or error.Message or excerpt)
    return Response(verdict_of(status, code), code=code, message=message)


def verdict_of(status: int, code: str) -> ResponseClass:
    """What an error's HTTP status and code mean."""
    if code in _THROTTLES or status == HTTPStatus.TOO_MANY_REQUESTS:
        return ResponseClass.THROTTLED
    if code in _UNAUTHENTICATED:
        return ResponseClass.UNAUTHENTICATED
    if status in _PASSING or status == HTTPStatus.REQUEST_TIMEOUT or code in _TRANSIENTS:
        return ResponseClass.TRANSIENT
    return ResponseClass.FATAL


def _text(header: bytes | str) -> str:
    return header.decode("latin-1") if isinstance(header, bytes) else header
