import zlib
from http.client import IncompleteRead

import pytest

from tee_infra.core.codec.responses import SAME_BYTES, Repeats, Response, ResponseClass, classify, lost, unexpected


@pytest.mark.parametrize(
    ("status", "code", "verdict"),
    [
        (400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", ResponseClass.THROTTLED),
        (400, "com.amazon.coral.availability#ThrottlingException", ResponseClass.THROTTLED),
        (400, "RequestLimitExceeded", ResponseClass.THROTTLED),
        (500, "com.amazonaws.dynamodb.v20120810#InternalServerError", ResponseClass.TRANSIENT),
        (503, "ServiceUnavailable", ResponseClass.TRANSIENT),
        (400, "com.amazon.coral.service#ExpiredTokenException", ResponseClass.UNAUTHENTICATED),
        (400, "com.amazon.coral.service#UnrecognizedClientException", ResponseClass.UNAUTHENTICATED),
        (400, "com.amazon.coral.service#InvalidSignatureException", ResponseClass.UNAUTHENTICATED),
        (403, "MissingAuthenticationTokenException", ResponseClass.UNAUTHENTICATED),
        (400, "com.amazonaws.dynamodb.v20120810#ReplicatedWriteConflictException", ResponseClass.TRANSIENT),
        (429, "", ResponseClass.THROTTLED),
        (408, "", ResponseClass.TRANSIENT),
        (504, "", ResponseClass.TRANSIENT),
        (501, "", ResponseClass.FATAL),
        (301, "", ResponseClass.FATAL),
        (204, "", ResponseClass.FATAL),
        (400, "com.amazon.coral.validate#ValidationException", ResponseClass.FATAL),
        (400, "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", ResponseClass.FATAL),
        (400, "com.amazon.coral.service#AccessDeniedException", ResponseClass.FATAL),
    ],
)
def test_errors(status: int, code: str, verdict: ResponseClass) -> None:
    reply = classify(status, f'{{"__type":"{code}","message":"why"}}'.encode(), None)
    assert (reply.verdict, reply.code, reply.message) == (verdict, code.rpartition("#")[2] or f"Http{status}", "why")


def test_a_body_must_match_its_checksum_whatever_its_status() -> None:
    body = b'{"Items":[]}'
    assert classify(200, body, str(zlib.crc32(body))).verdict is ResponseClass.DONE
    assert classify(200, body, str(zlib.crc32(body)).encode()).body == body
    assert classify(200, body, None).verdict is ResponseClass.DONE
    for status in (200, 400):
        assert classify(status, body, "1").verdict is ResponseClass.SUSPECT
        assert classify(status, body, b"no number").verdict is ResponseClass.SUSPECT


def test_an_error_that_is_no_json() -> None:
    assert classify(502, b"<html>", None).code == "Http502"
    assert classify(502, b"<html>", None).verdict is ResponseClass.TRANSIENT
    assert classify(404, b"<html>", None).verdict is ResponseClass.FATAL


def test_a_request_without_a_reply() -> None:
    assert lost(ConnectionResetError("gone")).verdict is ResponseClass.TRANSIENT
    assert lost(ConnectionResetError("gone")).code == "ConnectionResetError"


def test_a_reply_that_broke_off_is_known_by_its_bytes() -> None:
    assert lost(IncompleteRead(b'{"Items"', 100)).verdict is ResponseClass.SUSPECT
    assert lost(IncompleteRead(b"")).verdict is ResponseClass.TRANSIENT


@pytest.mark.parametrize("body", [b"<p>\x1b[2J\n\xff", b'{"__type":"x#\\u001b","message":["a"]}', b"[" * 100_000])
def test_an_error_is_one_printable_line(body: bytes) -> None:
    reply = classify(400, body, None)
    assert reply.code == "Http400"
    assert reply.message.isprintable()
    assert len(reply.message) <= 200


def test_a_success_without_200_is_not_quoted() -> None:
    assert classify(206, b'{"Items":[{"name":{"S":"Ann"}}]}', None).message == ""


def test_the_same_bytes_are_final_and_others_are_not() -> None:
    repeats = Repeats()
    for number in range(20):
        assert not repeats.is_final(unexpected(b"%d" % number, "no"))
    for _ in range(20):
        assert not repeats.is_final(Response(ResponseClass.THROTTLED, code="ThrottlingException"))
        assert not repeats.is_final(Response(ResponseClass.TRANSIENT, code="InternalServerError"))
    assert [repeats.is_final(unexpected(b"{}", "no")) for _ in range(SAME_BYTES)] == [False, False, True]
    repeats.forget()
    assert not repeats.is_final(unexpected(b"{}", "no"))
    assert repeats.is_final(Response(ResponseClass.UNAUTHENTICATED, code="ExpiredTokenException"))
