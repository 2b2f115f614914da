import zlib

import pytest

from tee_infra.core.codec.responses import Verdict, judge, lost


@pytest.mark.parametrize(
    ("status", "code", "verdict"),
    [
        (400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", Verdict.THROTTLED),
        (400, "com.amazon.coral.availability#ThrottlingException", Verdict.THROTTLED),
        (400, "RequestLimitExceeded", Verdict.THROTTLED),
        (500, "com.amazonaws.dynamodb.v20120810#InternalServerError", Verdict.TRANSIENT),
        (503, "ServiceUnavailable", Verdict.TRANSIENT),
        (400, "com.amazon.coral.service#ExpiredTokenException", Verdict.TRANSIENT),
        (400, "com.amazon.coral.validate#ValidationException", Verdict.FATAL),
        (400, "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", Verdict.FATAL),
        (400, "com.amazon.coral.service#AccessDeniedException", Verdict.FATAL),
    ],
)
def test_errors(status: int, code: str, verdict: Verdict) -> None:
    reply = judge(status, f'{{"__type":"{code}","message":"why"}}'.encode(), None)
    assert (reply.verdict, reply.code, reply.message) == (verdict, code.rpartition("#")[2], "why")


def test_a_body_must_match_its_checksum_whatever_its_status() -> None:
    body = b'{"Items":[]}'
    assert judge(200, body, str(zlib.crc32(body))).verdict is Verdict.DONE
    assert judge(200, body, str(zlib.crc32(body)).encode()).body == body
    assert judge(200, body, None).verdict is Verdict.DONE
    for status in (200, 400):
        assert judge(status, body, "1").verdict is Verdict.TRANSIENT


def test_an_error_that_is_no_json() -> None:
    assert judge(502, b"<html>", None).code == "Http502"
    assert judge(502, b"<html>", None).verdict is Verdict.TRANSIENT
    assert judge(404, b"<html>", None).verdict is Verdict.FATAL


def test_a_request_without_a_reply() -> None:
    assert lost(ConnectionResetError("gone")).verdict is Verdict.TRANSIENT
    assert lost(ConnectionResetError("gone")).code == "ConnectionResetError"
