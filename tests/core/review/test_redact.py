import pytest

from tee_infra.core.review.redact import redact

# Put together here, so that nobody's scanner takes this file for a leak.
KEY_ID = "AKIA" + "ABCDEFGHIJKLMNOP"
GITHUB = "ghp_" + "a1" * 18
WEB_TOKEN = ".".join(["eyJhbGciOiJI", "eyJzdWIiOiIx", "c2lnbmF0dXJl"])


@pytest.mark.parametrize(
    ("message", "left"),
    [
        (f"key {KEY_ID} is not valid", "key [hidden] is not valid"),
        (f"401 for {GITHUB}, try again", "401 for [hidden], try again"),
        (f"bad token {WEB_TOKEN}", "bad token [hidden]"),
        ("PULUMI_CONFIG_PASSPHRASE=open sesame", "PULUMI_CONFIG_PASSPHRASE=[hidden] sesame"),
        ('{"password": "two words", "user": "ann"}', '{"password": [hidden], "user": "ann"}'),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [hidden]"),
        ("aws_secret_access_key = abc/def+1", "aws_secret_access_key = [hidden]"),
        ("clone https://ann:pw@example.com/x failed", "clone https://[hidden]@example.com/x failed"),
        ("-----BEGIN RSA PRIVATE KEY----- MIIE -----END RSA PRIVATE KEY----- is bad", "[hidden] is bad"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(message: str, left: str) -> None:
    assert redact(message) == left


@pytest.mark.parametrize(
    "message",
    [
        "Table already exists: staging-tee-admin",
        "aws:ssm/parameter:Parameter app-token was not found",
        "the secret could not be read",
        "https://example.com/path@2",
    ],
)
def test_what_does_not_stays_as_it_is(message: str) -> None:
    assert redact(message) == message
