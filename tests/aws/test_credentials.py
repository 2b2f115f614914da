"""Credentials that AWS refuses: others are used once there are any, and otherwise the run ends at once."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.credentials import RefreshableCredentials

from tee_infra.aws.credentials import SessionKeys
from tee_infra.aws.dynamodb import DynamoDb, TransportName
from tee_infra.aws.sigv4 import Keys
from tee_infra.core.tables.description import TableFacts
from tee_infra.workflows.data.copy_table import CopyIncompleteError
from tee_infra.workflows.data.table_io import TableAccess
from tests.faults.client import copy, item
from tests.faults.memory import MemoryDynamoDb, key_of
from tests.faults.proxy import Request
from tests.faults.wire import Wire, refusing, serve

TRANSPORTS: list[TransportName] = ["raw", "botocore"]
CODES = ["ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException",
         "MissingAuthenticationTokenException", "IncompleteSignatureException"]  # fmt: skip


class Issuer:
    """Issues credentials key-0, key-1 … that are valid for hours by this machine's clock."""

    def __init__(self) -> None:
        self.issued = 0

    def __call__(self) -> dict[str, str]:
        self.issued += 1
        expires = datetime.now(UTC) + timedelta(hours=6)
        return {"access_key": f"key-{self.issued}", "secret_key": "s", "token": "t", "expiry_time": expires.isoformat()}

    def credentials(self) -> RefreshableCredentials:
        return RefreshableCredentials.create_from_metadata(self(), self, "test")


def session_of(credentials: Any) -> boto3.Session:
    inner = botocore.session.Session()
    inner._credentials = credentials
    return boto3.Session(botocore_session=inner, region_name="us-east-1")


def copy_over(wire: Wire, session: boto3.Session, transport: TransportName, folder: Path) -> bool:
    with serve(wire) as url:
        made = DynamoDb(session, url, seconds=5.0).transport(transport)
        sides = (
            TableAccess(made, TableFacts(name=name, arn="", key_names=("pk", "sk"), key_types=("S", "S")))
            for name in ("source", "target")
        )
        return copy(*sides, folder / "checkpoint").validated


def wire_for(valid: Callable[[Request], bool], code: str) -> Wire:
    memory = MemoryDynamoDb()
    memory.tables["source"] = {key_of(item(number)): item(number) for number in range(60)}
    return Wire(memory, refusing("400 X", code), 1.0, random.Random(0), on=lambda request: not valid(request))


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_static_ones_end_the_run_at_once(code: str, transport: TransportName, tmp_path: Path) -> None:
    session = boto3.Session(aws_access_key_id="key", aws_secret_access_key="s", region_name="us-east-1")
    wire, began = wire_for(lambda _: False, code), time.monotonic()
    with pytest.raises(CopyIncompleteError, match=rf"Scan on source .*: {code}: no\. Log in again"):
        copy_over(wire, session, transport, tmp_path)
    assert time.monotonic() - began < 3
    assert wire.met <= 2  # one of each worker


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_refreshable_ones_are_refreshed_once_for_all_workers(transport: TransportName, tmp_path: Path) -> None:
    issuer = Issuer()
    wire = wire_for(lambda request: "Credential=key-2/" in request.headers["authorization"], CODES[0])
    assert copy_over(wire, session_of(issuer.credentials()), transport, tmp_path)
    assert issuer.issued == 2


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_refreshed_ones_that_are_refused_too_end_the_run(transport: TransportName, tmp_path: Path) -> None:
    issuer, began = Issuer(), time.monotonic()
    with pytest.raises(CopyIncompleteError, match="ExpiredTokenException"):
        copy_over(wire_for(lambda _: False, CODES[0]), session_of(issuer.credentials()), transport, tmp_path)
    assert issuer.issued == 2
    assert time.monotonic() - began < 3


def test_those_that_another_worker_has_replaced_are_not_refreshed_again() -> None:
    issuer = Issuer()
    keys = SessionKeys(issuer.credentials())
    assert keys.renew(Keys("key-1", "s", "t"))
    assert keys.renew(Keys("key-1", "s", "t"))
    assert issuer.issued == 2
    assert not keys.renew(Keys("key-2", "s", "t"))
