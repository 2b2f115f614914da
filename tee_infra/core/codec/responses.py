"""What one reply of DynamoDB means: done, slow down, try again, or give up."""

import zlib
from dataclasses import dataclass
from enum import StrEnum, auto
from http import HTTPStatus
from typing import Final

import msgspec


class ResponseClass(StrEnum):
    """What the caller does next. Unprocessed items in a reply that is DONE are the caller's to send again."""

    DONE = auto()
    THROTTLED = auto()
    """Nothing happened; the same request is sent again, later and at a lower rate."""
    TRANSIENT = auto()
    """It may or may not have happened; the same request is sent again. Puts and reads bear that."""
    FATAL = auto()
    """Sending it again would give the same answer."""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer: the JSON `body` when DONE, else the error's `code` and `message`."""

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
    """The reply that an HTTP answer is. `crc32` is the `x-amz-crc32` header, None when there was none.

    A body that does not match its checksum is TRANSIENT whatever its status says.
    """
    if crc32 is not None and zlib.crc32(body) != int(crc32):
        return Response(
            ResponseClass.TRANSIENT, code="Crc32Mismatch", message="the reply does not match its x-amz-crc32"
        )
    if status == HTTPStatus.OK:
        return Response(ResponseClass.DONE, body)
    return _judge_error(status, body)


def lost(error: BaseException) -> Response:
    """The reply of a request that got none: reset, timed out, truncated."""
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
