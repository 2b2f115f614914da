"""What goes to moto's handler of DynamoDB without Flask, and what does not."""

from typing import Any

import pytest
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.responses import DynamoHandler

from tee_infra.local.direct_dynamodb import DirectDynamoDb

AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


def environ_of(**more: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "RAW_URI": "/",
        "HTTP_HOST": "127.0.0.1:4580",
        "HTTP_X_AMZ_TARGET": "DynamoDB_20120810.ListTables",
        "HTTP_AUTHORIZATION": AUTHORIZATION.format("dynamodb"),
        "wsgi.url_scheme": "http",
        **more,
    }


def send(environ: dict[str, Any]) -> tuple[str, dict[str, str], bytes]:
    told: list[Any] = []
    application = DirectDynamoDb(lambda *_: [b"moto's application"])
    body = b"".join(application(environ, lambda *begun: told.extend(begun)))
    return (told[0], dict(told[1]), body) if told else ("", {}, body)


@pytest.mark.parametrize(
    "other",
    [
        {"REQUEST_METHOD": "GET"},
        {"RAW_URI": "/bucket"},
        {"RAW_URI": "/?Action=ListTables"},
        {"HTTP_X_AMZ_TARGET": "DynamoDBStreams_20120810.ListStreams"},
        {"HTTP_X_AMZ_TARGET": "DynamoDB_20111205.ListTables"},
        {"HTTP_AUTHORIZATION": AUTHORIZATION.format("s3")},
        {"HTTP_AUTHORIZATION": ""},
    ],
)
def test_other_requests_are_the_applications(other: dict[str, str]) -> None:
    assert send(environ_of(**other)) == ("", {}, b"moto's application")


def answer_with(monkeypatch: pytest.MonkeyPatch, dispatch: Any) -> tuple[str, dict[str, str], bytes]:
    monkeypatch.setattr(DynamoHandler, "dispatch", dispatch)
    return send(environ_of())


def test_an_answer_has_the_handlers_status_headers_and_body(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = answer_with(monkeypatch, lambda request, url, _: (400, {"status": 400}, f"é {request.method} {url}"))
    body = "é POST http://127.0.0.1:4580/".encode()
    assert answered == ("400 Bad Request", {"status": "400", "Content-Length": str(len(body))}, body)


def test_an_error_of_motos_is_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise JsonRESTError("com.amazon.coral.service#X", "no")

    status, _, body = answer_with(monkeypatch, refuse)
    assert (status, b"no" in body) == ("400 BAD REQUEST", True)


def test_any_other_error_is_the_servers_to_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        answer_with(monkeypatch, fail)
