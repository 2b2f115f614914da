"""Who the embedded AWS serves: programs with its credentials, whichever signer of botocore's they have."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from tee_infra.local import EmbeddedAws
from tee_infra.local.credentials import Credentials
from tee_infra.local.door import Door
from tests.local.clients import client, make_table

OWN = Credentials("LOCALAAAAAAAAAAAAAAA", "secret")


@contextmanager
def serve_door() -> Iterator[str]:
    """Answers with the body of the request, as an application behind the door reads it."""

    def echo(environ: Any, start: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    server = make_server("127.0.0.1", 0, echo, threaded=True, request_handler=MotoRequestHandler)
    server.app = Door(echo, server.server_port, OWN)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def door() -> Iterator[str]:
    with serve_door() as endpoint:
        yield endpoint


def send(request: Any, **more: str) -> tuple[int, bytes]:
    prepared = request.prepare() if isinstance(request, AWSRequest) else request
    headers = dict(prepared.headers.items()) | more
    try:
        with urlopen(Request(prepared.url, prepared.body or None, headers, method=prepared.method)) as answer:
            return answer.status, answer.read()
    except HTTPError as refused:
        return refused.code, refused.read()


def signed(url: str, *, keys: Any = OWN, service: str = "dynamodb", body: bytes = b"{}", **headers: str) -> AWSRequest:
    from botocore.credentials import Credentials as Keys

    request = AWSRequest("POST", url, data=body, headers=headers)
    SigV4Auth(Keys(*keys), service, "us-east-1").add_auth(request)
    return request


ATTACKS = {
    "no signature": {},
    "rebinding": {"Host": "evil.example:PORT"},
    "rebinding without the port": {"Host": "127.0.0.1"},
    "another port": {"Host": "127.0.0.1:1"},
    "a host that begins right": {"Host": "127.0.0.1:PORT.evil.example"},
    "no host": {"Host": ""},
    "a page": {"Origin": "https://evil.example"},
    "a page of a file": {"Origin": "null"},
    "a page that it serves itself": {"Origin": "http://127.0.0.1:PORT"},
    "a wrong key": {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/s3/aws4_request"},
    "half a signature": {"Authorization": "AWS4-HMAC-SHA256 Credential=LOCALAAAAAAAAAAAAAAA"},
    "another scheme": {"Authorization": "Bearer x"},
}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS", "HEAD", "DELETE"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_pages_and_strangers_get_nothing(door: str, attack: str, method: str) -> None:
    port = door.rpartition(":")[2]
    headers = {name: value.replace("PORT", port) for name, value in ATTACKS[attack].items()}
    request = AWSRequest(method, door)
    if attack not in ("no signature", "a wrong key", "half a signature", "another scheme"):
        request = signed(door)
        request.method = method
    code, content = send(request, **headers)
    assert code in (400, 403)
    assert b"{}" not in content


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_every_name_of_loopback_is_served(door: str, host: str) -> None:
    port = door.rpartition(":")[2]
    request = signed(f"http://{host.lower()}:{port}/")
    request.url = f"{door}/"
    assert send(request, Host=f"{host.lower()}:{port}") == (200, b"{}")


@pytest.mark.parametrize(
    "path", ["/moto-api/reset", "/moto-api", "/moto-api/data.json", "/%6doto-api/reset", "/favicon.ico",
             "/latest/meta-data/iam/security-credentials/", "/latest/api/token"],
)  # fmt: skip
def test_controls_are_closed_for_those_with_credentials_too(door: str, path: str) -> None:
    assert send(signed(door + path, service="s3"))[0] == 403


def test_a_changed_request_is_refused(door: str) -> None:
    def forged(**changes: Any) -> int:
        request = signed(f"{door}/a?b=c", body=b"body", **{"X-Amz-Target": "DynamoDB_20120810.Scan"}).prepare()
        for name, value in changes.items():
            setattr(request, name, value)
        return send(request)[0]

    assert forged() == 200
    assert forged(method="PUT") == 403
    assert forged(body=b"bode") == 403
    assert forged(url=f"{door}/b?b=c") == 403
    assert forged(url=f"{door}/a?b=d") == 403
    request = signed(door, **{"X-Amz-Target": "DynamoDB_20120810.Scan"})
    assert send(request, **{"X-Amz-Target": "DynamoDB_20120810.DeleteTable"})[0] == 403
    assert send(signed(door, keys=(OWN.access_key, "guess")))[0] == 403
    assert send(signed(door, keys=("embedded", "embedded")))[0] == 403


PATHS = st.lists(st.text("abc-_.~%:@!$&'()*+,;= ü", max_size=5), max_size=3).map(
    lambda names: "/".join(names).lstrip("/")
)
"""Python's server makes one slash of several at the beginning; a bucket has a name."""
QUERIES = st.dictionaries(st.text("abc-_.~ /+=ü", min_size=1, max_size=4), st.text("ab /+=&ü", max_size=4), max_size=3)


@given(
    path=PATHS, query=QUERIES, body=st.binary(max_size=20), service=st.sampled_from(["s3", "sns"]), in_url=st.booleans()
)
def test_what_botocore_signs_is_served(
    path: str, query: dict[str, str], body: bytes, service: str, in_url: bool
) -> None:
    from urllib.parse import quote, urlencode

    from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
    from botocore.credentials import Credentials as Keys

    from tests.local.wsgi import environ_of

    body = b"" if in_url else body  # botocore would move it to the query
    url = f"http://127.0.0.1:4580/{quote(path)}"
    request = AWSRequest("PUT", url + (f"?{urlencode(query)}" if in_url and query else ""), data=body)
    if not in_url:
        request.params = query
    signers: dict[tuple[str, bool], Any] = {
        ("s3", False): S3SigV4Auth, ("s3", True): S3SigV4QueryAuth,
        ("sns", False): SigV4Auth, ("sns", True): SigV4QueryAuth,
    }  # fmt: skip
    signers[service, in_url](Keys(*OWN), service, "us-east-1").add_auth(request)
    prepared = request.prepare()
    served: list[Any] = []
    door = Door(lambda environ, _: [served.append(environ["wsgi.input"].read())], 4580, OWN)  # pyright: ignore
    door(environ_of(prepared), lambda *_: None)
    assert served == [body]


@pytest.fixture
def s3(running: EmbeddedAws) -> Any:
    return client(running, "s3")


@pytest.mark.parametrize("version", [None, "s3v4"])
def test_presigned_urls_work_until_they_expire(running: EmbeddedAws, version: str | None) -> None:
    s3 = boto3.client(
        "s3", endpoint_url=running.endpoint, region_name="us-east-1", aws_access_key_id=running.access_key,
        aws_secret_access_key=running.secret_key, config=Config(signature_version=version) if version else None,
    )  # fmt: skip
    bucket, place = f"b{time.time_ns()}", {"Key": "a b/ü+c"}
    s3.create_bucket(Bucket=bucket)
    put = s3.generate_presigned_url("put_object", {"Bucket": bucket, **place}, 60)
    with urlopen(Request(put, b"content", {"Content-Type": ""}, method="PUT")):
        pass
    get = s3.generate_presigned_url("get_object", {"Bucket": bucket, **place, "ResponseContentType": "text/x"}, 60)
    with urlopen(get) as answer:
        assert (answer.read(), answer.headers["Content-Type"]) == (b"content", "text/x")
    late = s3.generate_presigned_url("get_object", {"Bucket": bucket, **place}, -60 if version != "s3v4" else 0)
    time.sleep(0 if version != "s3v4" else 1.1)
    for url in (late, get.replace(bucket, "another"), get.replace("ignature=", "ignature=0")):
        with pytest.raises(HTTPError, match="403"):
            urlopen(url)


def test_an_assumed_role_and_a_user_work_until_their_keys_end(running: EmbeddedAws) -> None:
    def tables(**keys: Any) -> Any:
        session = boto3.Session(region_name="us-east-1", **keys)
        return session.client("dynamodb", endpoint_url=running.endpoint).list_tables()["TableNames"]

    make_table(running, f"t{time.time_ns()}")
    iam, role = client(running, "iam"), f"r{time.time_ns()}"
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}))
    given_keys = client(running, "sts").assume_role(
        RoleArn=f"arn:aws:iam::000000000000:role/{role}", RoleSessionName="session", DurationSeconds=900
    )["Credentials"]
    keys = {
        "aws_access_key_id": given_keys["AccessKeyId"],
        "aws_secret_access_key": given_keys["SecretAccessKey"],
        "aws_session_token": given_keys["SessionToken"],
    }
    assert tables(**keys)
    for wrong in ({"aws_session_token": "x"}, {"aws_session_token": None}, {"aws_secret_access_key": "x"}):
        with pytest.raises(ClientError, match=r"embedded AWS: .* eval "):
            tables(**keys | wrong)
    iam.create_user(UserName=role)
    own = iam.create_access_key(UserName=role)["AccessKey"]
    keys = {"aws_access_key_id": own["AccessKeyId"], "aws_secret_access_key": own["SecretAccessKey"]}
    assert tables(**keys)
    iam.update_access_key(UserName=role, AccessKeyId=own["AccessKeyId"], Status="Inactive")
    with pytest.raises(ClientError, match="not one of this embedded AWS"):
        tables(**keys)


@pytest.mark.parametrize(
    "service", ["dynamodb", "s3", "sns", "iam", "ssm", "kms", "logs", "events", "cloudwatch", "sts"]
)
def test_every_protocol_gets_a_refusal_that_its_sdk_can_read(running: EmbeddedAws, service: str) -> None:
    calls = {"dynamodb": "list_tables", "s3": "list_buckets", "sns": "list_topics", "iam": "list_users",
             "ssm": "describe_parameters", "kms": "list_keys", "logs": "describe_log_groups", "events": "list_rules",
             "cloudwatch": "describe_alarms", "sts": "get_caller_identity"}  # fmt: skip
    keys = {"aws_access_key_id": "embedded", "aws_secret_access_key": "embedded"}
    stranger: Any = boto3.client(service, endpoint_url=running.endpoint, region_name="us-east-1", **keys)  # pyright: ignore
    with pytest.raises(ClientError, match=r"Nothing was read or written\. Take its credentials: eval"):
        getattr(stranger, calls[service])()
    getattr(client(running, service), calls[service])()


def test_no_answer_invites_a_page(running: EmbeddedAws) -> None:
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(f"{running.endpoint}/moto-api/reset", b"", {"Origin": "https://evil.example"}, method="POST"))
    assert refused.value.code == 403
    answers: list[Any] = [refused.value.headers]
    s3 = client(running, "s3")
    s3.meta.events.register("after-call", lambda http_response, **_: answers.append(http_response.headers))
    s3.list_buckets()
    assert not [name for headers in answers for name in headers if name.lower().startswith("access-control-")]


CONTROL = "_tee/control"


def assumed(running: EmbeddedAws) -> dict[str, str]:
    """The session of a role of the embedded AWS."""
    trust = {"Version": "2012-10-17", "Statement": []}
    iam = client(running, "iam")
    names = {role["RoleName"] for role in iam.list_roles()["Roles"]}
    if "app" not in names:
        iam.create_role(RoleName="app", AssumeRolePolicyDocument=json.dumps(trust))
    role = iam.get_role(RoleName="app")["Role"]["Arn"]
    return client(running, "sts").assume_role(RoleArn=role, RoleSessionName="app")["Credentials"]


FOREIGN = ("no signature", "a page", "a session of a role", "a body that is not signed", "a presigned URL", "a GET")


@pytest.mark.parametrize("attack", FOREIGN)
def test_nobody_but_the_owner_controls_it(running: EmbeddedAws, attack: str) -> None:
    from botocore.credentials import Credentials as Keys

    url, body = f"{running.endpoint}/{CONTROL}", b'{"action": "trim", "table": "t"}'
    own = Keys(running.access_key, running.secret_key)
    request = AWSRequest("GET" if attack == "a GET" else "POST", url, data=body)
    if attack == "a session of a role":
        session = assumed(running)
        own = Keys(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    if attack == "a body that is not signed":
        request.headers["X-Amz-Content-SHA256"] = "UNSIGNED-PAYLOAD"
    if attack == "a presigned URL":
        SigV4QueryAuth(own, "tee-infra", "us-east-1").add_auth(request)
    elif attack != "no signature":
        SigV4Auth(own, "tee-infra", "us-east-1").add_auth(request)
    status, answer = send(request, **({"Origin": "http://evil.example"} if attack == "a page" else {}))
    assert status in {403, 405}
    assert b"Nothing was read or written" in answer
