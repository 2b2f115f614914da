"""botocore's signer is the oracle."""

from datetime import UTC, datetime
from unittest.mock import patch

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from tee_infra.aws.sigv4 import Keys, Signer

words = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=",/="), min_size=1, max_size=40)


@given(
    access_key=words,
    secret=st.text(min_size=1, max_size=60),
    token=st.none() | words,
    operation=st.sampled_from(["Scan", "BatchWriteItem", "BatchGetItem"]),
    body=st.binary(max_size=300),
    host=st.sampled_from(["dynamodb.eu-central-1.amazonaws.com", "127.0.0.1:8000", "localhost:4566"]),
    now=st.integers(1_500_000_000, 2_500_000_000),
)
def test_signs_as_botocore_does(  # noqa: PLR0917
    access_key: str, secret: str, token: str | None, operation: str, body: bytes, host: str, now: int
) -> None:
    ours = Signer(host, "eu-central-1").headers(Keys(access_key, secret, token), operation, body, now)
    headers = dict(line.split(":", 1) for line in ours.strip().split("\r\n"))

    request = AWSRequest("POST", f"https://{host}/", data=body)
    request.headers["Host"] = host
    request.headers["Content-Type"] = "application/x-amz-json-1.0"
    request.headers["X-Amz-Target"] = f"DynamoDB_20120810.{operation}"
    moment = datetime.fromtimestamp(now, UTC).replace(tzinfo=None)
    with patch("botocore.auth.get_current_datetime", spec=True, return_value=moment):
        botocore.auth.SigV4Auth(Credentials(access_key, secret, token), "dynamodb", "eu-central-1").add_auth(request)

    assert headers["authorization"] == request.headers["Authorization"]
    assert headers["x-amz-date"] == request.headers["X-Amz-Date"]
    assert headers.get("x-amz-security-token") == request.headers.get("X-Amz-Security-Token")


def test_the_key_is_derived_anew_for_another_day_and_secret() -> None:
    signer = Signer("host", "us-east-1")
    signed = [
        signer.headers(Keys("a", secret), "Scan", b"", now)
        for secret, now in (("one", 0.0), ("two", 0.0), ("one", 86_400.0), ("one", 0.0))
    ]
    assert signed[0] == signed[3]
    assert len(set(signed)) == 3
