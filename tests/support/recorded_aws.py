"""AWS's own hosts, played in this process: every request by botocore is noted, and those to AWS are answered here.

STS says whose a key is; everything else is denied. Requests to this machine go through.
"""

import io
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

_IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{0}:user/x</Arn><UserId>x</UserId><Account>{0}</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""
_DENIED_XML = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
_DENIED_JSON = '{"__type": "AccessDeniedException", "message": "no"}'


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        while chunk := self.read():
            yield chunk


def record_requests(monkeypatch: pytest.MonkeyPatch, accounts: Mapping[str, str]) -> list[str]:
    """The hosts (`127.0.0.1:4566`, `sts.us-east-1.amazonaws.com`) of all requests from now on.

    `accounts` are AWS's: access key -> account.
    """
    asked: list[str] = []
    through = URLLib3Session.send

    def send(session: URLLib3Session, request: AWSPreparedRequest) -> Any:
        host = urlsplit(request.url).netloc
        asked.append(host)
        return _answer(host, request, accounts) if "amazonaws" in host else through(session, request)

    monkeypatch.setattr(URLLib3Session, "send", send)
    return asked


def _answer(host: str, request: AWSPreparedRequest, accounts: Mapping[str, str]) -> AWSResponse:
    signed = request.headers["Authorization"]
    key = (signed.decode() if isinstance(signed, bytes) else signed).split("Credential=")[1].split("/")[0]
    if host.startswith("sts") and key in accounts:
        return _response(request.url, 200, _IDENTITY.format(accounts[key]))
    return _response(request.url, 403, _DENIED_JSON if "X-Amz-Target" in request.headers else _DENIED_XML)


def _response(url: str, status: int, body: str) -> AWSResponse:
    return AWSResponse(url, status, {"Content-Type": "text/xml"}, _Raw(body.encode()))
