import zlib

import pytest

from tee_infra.core.codec.responses import ResponseClass, classify, lost


@pytest.mark.parametrize(
    ("status", "code", "verdict"),
    [
        (400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", ResponseClass.THROTTLED),
        (400, "com.amazon.coral.availability#ThrottlingException", ResponseClass.THROTTLED),
        (400, "RequestLimitExceeded", ResponseClass.THROTTLED),
        (500, "com.amazonaws.dynamodb.v20120810#InternalServerError", ResponseClass.TRANSIENT),
        (503, "ServiceUnavailable", ResponseClass.TRANSIENT),
        (400, "com.amazon.coral.service#ExpiredTokenException", ResponseClass.TRANSIENT),
        (400, "com.amazon.coral.validate#ValidationException", ResponseClass.FATAL),
        (400, "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", ResponseClass.FATAL),
        (400, "com.amazon.coral.service#AccessDeniedException", ResponseClass.FATAL),
    ],
)
def test_errors(status: int, code: str, verdict: ResponseClass) -> None:
    reply = classify(status, f'{{"__type":"{code}","message":"why"}}'.encode(), None)
    assert (reply.verdict, reply.code, reply.message) == (verdict, code.rpartition("#")[2], "why")


def test_a_body_must_match_its_checksum_whatever_its_status() -> None:
    body = b'{"Items":[]}'
    assert classify(200, body, str(zlib.crc32(body))).verdict is ResponseClass.DONE
    assert classify(200, body, str(zlib.crc32(body)).encode()).body == body
    assert classify(200, body, None).verdict is ResponseClass.DONE
    for status in (200, 400):
        assert classify(status, body, "1").verdict is ResponseClass.TRANSIENT


def test_an_error_that_is_no_json() -> None:
    assert classify(502, b"<html>", None).code == "Http502"
    assert classify(502, b"<html>", None).verdict is ResponseClass.TRANSIENT
    assert classify(404, b"<html>", None).verdict is ResponseClass.FATAL


def test_a_request_without_a_reply() -> None:
    assert lost(ConnectionResetError("gone")).verdict is ResponseClass.TRANSIENT
    assert lost(ConnectionResetError("gone")).code == "ConnectionResetError"
