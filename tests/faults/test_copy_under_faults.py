"""A copy under every fault loses, changes and adds nothing, over a hundred seeds, half of them over TLS."""

import json
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.client import copy, item, side
from tests.faults.memory import MemoryDynamoDb, key_of
from tests.faults.proxy import FAULTS, over_http, serve_faults
from tests.support.services import connect, new_table
from tests.support.transfers import contents, fill

SILENCE = 0.06
SIGNED = "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"


@pytest.mark.parametrize("case", range(12))
def test_mixed_faults(case: int, trusted: ssl.SSLContext, tmp_path: Path) -> None:
    def checked(seed: int) -> None:
        check(seed, 0.2, None, tmp_path, trusted if seed % 2 else None)

    with ThreadPoolExecutor(3) as at_once:  # they wait most of their time
        list(at_once.map(checked, range(case * 10, case * 10 + 10)))


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_one_fault_at_every_third_request(fault: str, trusted: ssl.SSLContext, tmp_path: Path) -> None:
    # The same bytes three times are final, which comes by chance at a higher rate.
    rate = 0.05 if fault == "truncate consistently" else 0.33
    for seed in range(3):
        assert fault in check(seed, rate, fault, tmp_path, trusted if seed else None)


def check(seed: int, rate: float, only: str | None, folder: Path, tls: ssl.SSLContext | None) -> dict[str, int]:
    memory = MemoryDynamoDb()
    memory.tables["source"] = {key_of(item(number)): item(number) for number in range(130)}
    with serve_faults(memory, seed, rate=rate, silence=SILENCE, only=only, tls=tls) as (url, proxy):
        result = copy(side(url, "source"), side(url, "target"), folder / f"checkpoint-{seed}")
    assert memory.tables["target"] == memory.tables["source"], (seed, proxy.met)
    assert (result.read, result.written, result.validated) == (130, 130, True), (seed, proxy.met)
    return proxy.met


def test_mixed_faults_in_front_of_a_service(service: str, trusted: ssl.SSLContext, tmp_path: Path) -> None:
    direct = connect(service)
    source = new_table(direct)
    fill(direct, source, [json.dumps(item(number)).encode() for number in range(130)])
    patience = 0.2  # a busy machine's moto is no fault
    for seed in range(3):
        target = new_table(direct)
        upstream, tls = over_http(service, {"authorization": SIGNED}), trusted if seed else None
        with serve_faults(upstream, seed, silence=1.5 * patience, tls=tls) as (url, proxy):
            result = copy(side(url, source, patience), side(url, target, patience), tmp_path / f"checkpoint-{seed}")
        assert contents(direct, target) == contents(direct, source), (seed, proxy.met)
        assert result.validated
