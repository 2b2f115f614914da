"""What the SDKs would use in place of AWS's own endpoints, compared with what botocore's own clients use."""

from pathlib import Path

import boto3
import pytest

from tee_infra.aws.connection import AwsError, Connection
from tee_infra.aws.endpoints import SERVICES, configured_endpoints

LOCAL = "http://127.0.0.1:4566"


def here() -> Connection:
    return Connection(region="us-east-1")


def configure(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    path = folder / "config"
    path.write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))


def test_a_plain_shell_has_none() -> None:
    assert configured_endpoints(here()) == {}


def test_one_for_all_and_one_for_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", LOCAL)
    assert configured_endpoints(here()) == {"s3": LOCAL}
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert configured_endpoints(here()) == dict.fromkeys(SERVICES, "http://127.0.0.1:1") | {"s3": LOCAL}


@pytest.mark.parametrize(
    "text",
    [
        f"[default]\nendpoint_url = {LOCAL}\n",
        f"[default]\nservices = here\n[services here]\ndynamodb =\n  endpoint_url = {LOCAL}\nlogs =\n",
    ],
)
def test_a_profile_can_have_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    configure(tmp_path, monkeypatch, text)
    assert configured_endpoints(here())["dynamodb"] == LOCAL


def test_ignored_ones_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(tmp_path, monkeypatch, f"[default]\nendpoint_url = {LOCAL}\n")
    monkeypatch.setenv("AWS_ENDPOINT_URL", LOCAL)
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert configured_endpoints(here()) == {}


@pytest.mark.parametrize("service", SERVICES)
def test_the_clients_agree(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"logs": "CLOUDWATCH_LOGS", "events": "EVENTBRIDGE", "resourcegroupstaggingapi": None}
    name = names.get(service, service.upper()) or "RESOURCE_GROUPS_TAGGING_API"
    monkeypatch.setenv(f"AWS_ENDPOINT_URL_{name}", LOCAL)
    assert configured_endpoints(here()) == {service: LOCAL}
    assert boto3.client(service, region_name="us-east-1").meta.endpoint_url == LOCAL  # pyright: ignore


def test_a_profile_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(AwsError, match=r"The config profile \(nobody\) could not be found"):
        configured_endpoints(here())
