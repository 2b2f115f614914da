"""A copy under every fault loses, changes and adds nothing, over hundreds of seeds."""

import json
from pathlib import Path

import pytest

from tee_infra.aws.dynamodb_wire import WireTransport
from tee_infra.aws.sigv4 import Keys
from tee_infra.core.pacing import Pace
from tee_infra.core.tables import TableFacts
from tee_infra.workflows.requests import SharedPace
from tee_infra.workflows.table_io import Side
from tests.faults.memory import MemoryDynamoDb, key_of
from tests.faults.proxy import FAULTS, over_http, serve_faults
from tests.services import connect, new_table
from tests.transfers import contents, copy, fill

SILENCE = 0.06
PATIENCE = 0.04
SIGNED = "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"


def item(number: int) -> dict:
    key = {"pk": {"S": f"p{number % 41}"}, "sk": {"S": f"s{number}"}}
    return {**key, "n": {"N": f"{number}.5"}, "l": {"L": [{"NULL": True}, {"B": "AAE="}, {"M": {}}]}}


def side(url: str, table: str) -> Side:
    """A table reached by a client that waits for `PATIENCE` only."""
    transport = WireTransport(
        endpoint=url, region="us-east-1", credentials=lambda: Keys("testing", "testing"), ca_file=None, seconds=PATIENCE
    )
    facts = TableFacts(name=table, arn="", key_names=("pk", "sk"), key_types=("S", "S"))
    # These throttles come by chance, whatever the rate.
    return Side(transport, facts, SharedPace(Pace(floor=1e6)))


@pytest.mark.parametrize("case", range(20))
def test_mixed_faults(case: int, tmp_path: Path) -> None:
    for seed in range(case * 10, case * 10 + 10):
        check(seed, 0.2, None, tmp_path)


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_one_fault_at_every_third_request(fault: str, tmp_path: Path) -> None:
    for seed in range(3):
        assert fault in check(seed, 0.33, fault, tmp_path)


def check(seed: int, rate: float, only: str | None, folder: Path) -> dict[str, int]:
    memory = MemoryDynamoDb()
    memory.tables["source"] = {key_of(item(number)): item(number) for number in range(130)}
    with serve_faults(memory, seed, rate=rate, silence=SILENCE, only=only) as (url, proxy):
        result = copy(side(url, "source"), side(url, "target"), folder / "checkpoint")
    assert memory.tables["target"] == memory.tables["source"], (seed, proxy.met)
    assert (result.read, result.written, result.validated) == (130, 130, True), (seed, proxy.met)
    return proxy.met


def test_mixed_faults_in_front_of_a_service(service: str, tmp_path: Path) -> None:
    direct = connect(service)
    source = new_table(direct)
    fill(direct, source, [json.dumps(item(number)).encode() for number in range(130)])
    for seed in range(3):
        target = new_table(direct)
        with serve_faults(over_http(service, {"authorization": SIGNED}), seed, silence=SILENCE) as (url, proxy):
            result = copy(side(url, source), side(url, target), tmp_path / "checkpoint")
        assert contents(direct, target) == contents(direct, source), (seed, proxy.met)
        assert result.validated
