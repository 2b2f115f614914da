"""The meaning of one DynamoDB reply: done, slow down, retry, or give up."""

import zlib
from dataclasses import dataclass
from enum import StrEnum, auto
from http import HTTPStatus
from typing import Final

import msgspec


class ResponseClass(StrEnum):
    """The caller's next step. The caller also retries the unprocessed items in a DONE reply."""

    DONE = auto()
    THROTTLED = auto()
    """Nothing happened; the caller retries later and at a lower rate."""
    TRANSIENT = auto()
    """It may or may not have happened; the caller retries, which is safe for puts and reads."""
    FATAL = auto()
    """A retry would give the same reply."""


@dataclass(frozen=True, slots=True)
class Response:
    """One reply: the JSON `body` when DONE, otherwise the error's `code` and `message`."""

    verdict: ResponseClass
    body: bytes = b""
    code: str = ""
    message: str = ""


# Error codes as the service spells them after the `#`; botocore's retry handler treats the same ones alike.
_THROTTLES: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "LimitExceededException",
    }
)
_TRANSIENTS: Final = frozenset(
    {
        "InternalServerError",
        "InternalFailure",
        "ServiceUnavailable",
        "RequestTimeout",
        "RequestTimeTooSkewed",
        "ExpiredTokenException",
    }
)


class _Error(msgspec.Struct):
    type: str = msgspec.field(name="__type", default="")
    message: str = ""
    Message: str = ""


def classify(status: int, body: bytes, crc32: bytes | str | None) -> Response:
    """Read an HTTP response. `crc32` is the `x-amz-crc32` header, None when there was none.

    A body that does not match its checksum is TRANSIENT for every status.
    """
    if crc32 is not None and zlib.crc32(body) != int(crc32):
        return Response(
            ResponseClass.TRANSIENT, code="Crc32Mismatch", message="the reply does not match its x-amz-crc32"
        )
    if status == HTTPStatus.OK:
        return Response(ResponseClass.DONE, body)
    return _judge_error(status, body)


def lost(error: BaseException) -> Response:
    """The reply for a request without a response: reset, timed out, truncated."""
    return Response(ResponseClass.TRANSIENT, code=type(error).__name__, message=str(error))


def _judge_error(status: int, body: bytes) -> Response:
    try:
        error = msgspec.json.decode(body, type=_Error)
    except msgspec.DecodeError:
        error = _Error()
    code = error.type.rpartition("#")[2] or f"Http{status}"
    message = error.message or error.Message or body[:200].decode(errors="replace")
    if code in _THROTTLES:
        verdict = ResponseClass.THROTTLED
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _TRANSIENTS:
        verdict = ResponseClass.TRANSIENT
    else:
        verdict = ResponseClass.FATAL
    return Response(verdict, code=code, message=message)
