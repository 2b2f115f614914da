"""AWS's own hosts, played in this process: every request by botocore is noted, and those to AWS are answered here.

STS says whose a key is, and gives sessions of roles; everything else is denied. Requests to this machine go through.
"""

import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

_IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>{1}</Arn><UserId>x</UserId><Account>{0}</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""
_ASSUMED = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><Arn>{0}</Arn><AssumedRoleId>x:tee-infra</AssumedRoleId></AssumedRoleUser>
<Credentials><AccessKeyId>{1}</AccessKeyId><SecretAccessKey>hidden-secret</SecretAccessKey>
<SessionToken>hidden-token</SessionToken><Expiration>{2}</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>"""
_DENIED_XML = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
_DENIED_JSON = '{"__type": "AccessDeniedException", "message": "no"}'


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        while chunk := self.read():
            yield chunk


def record_requests(
    monkeypatch: pytest.MonkeyPatch,
    accounts: Mapping[str, str],
    roles: Mapping[str, str] | None = None,
    assumed: list[tuple[str, str]] | None = None,
    lasts: timedelta = timedelta(hours=1),
) -> list[str]:
    """The hosts (`127.0.0.1:4566`, `sts.us-east-1.amazonaws.com`) of all requests from now on.

    `accounts` are AWS's: access key -> account. `roles`: ARN -> the access key of its sessions, which last `lasts`;
    no other role is to be had. `assumed` gets the key that asked, and the ARN.
    """
    asked: list[str] = []
    through = URLLib3Session.send
    sts = _Sts(accounts, roles or {}, [] if assumed is None else assumed, lasts)

    def send(session: URLLib3Session, request: AWSPreparedRequest) -> Any:
        host = urlsplit(request.url).netloc
        asked.append(host)
        return sts.answer(host, request) if "amazonaws" in host else through(session, request)

    monkeypatch.setattr(URLLib3Session, "send", send)
    return asked


class _Sts:
    def __init__(
        self, accounts: Mapping[str, str], roles: Mapping[str, str], assumed: list[tuple[str, str]], lasts: timedelta
    ) -> None:
        self.accounts, self.roles, self.assumed, self.lasts = accounts, roles, assumed, lasts

    def answer(self, host: str, request: AWSPreparedRequest) -> AWSResponse:
        signed = request.headers["Authorization"]
        key = (signed.decode() if isinstance(signed, bytes) else signed).split("Credential=")[1].split("/")[0]
        body = request.body.decode() if isinstance(request.body, bytes) else str(request.body)
        said = {name: values[0] for name, values in parse_qs(body).items()} if host.startswith("sts") else {}
        caller = self.callers().get(key)
        if said.get("Action") == "GetCallerIdentity" and caller is not None:
            return _response(request.url, 200, _IDENTITY.format(caller.split(":")[4], caller))
        if said.get("Action") == "AssumeRole":
            self.assumed.append((key, said["RoleArn"]))
            if said["RoleArn"] in self.roles:
                ends = f"{datetime.now(UTC) + self.lasts:%Y-%m-%dT%H:%M:%SZ}"
                return _response(request.url, 200, _ASSUMED.format("x", self.roles[said["RoleArn"]], ends))
        if host.startswith("sts"):
            return _response(request.url, 403, f"<ErrorResponse>{_DENIED_XML}</ErrorResponse>")
        return _response(request.url, 403, _DENIED_JSON if "X-Amz-Target" in request.headers else _DENIED_XML)

    def callers(self) -> dict[str, str]:
        """Access key -> ARN of the identity."""
        people = {key: f"arn:aws:iam::{account}:user/x" for key, account in self.accounts.items()}
        return people | {
            key: f"arn:aws:sts::{role.split(':')[4]}:assumed-role/{role.rsplit('/', 1)[1]}/tee-infra"
            for role, key in self.roles.items()
        }


def _response(url: str, status: int, body: str) -> AWSResponse:
    return AWSResponse(url, status, {"Content-Type": "text/xml"}, _Raw(body.encode()))
