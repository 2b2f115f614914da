"""One copy over a wire with one fault, and the judgement of its outcome."""

import json
import random
import time
from functools import cache
from pathlib import Path
from typing import NamedTuple

import boto3

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.rate_limiter import RateLimiter
from tee_infra.core.data.resume_point import Header
from tee_infra.core.tables.description import TableFacts
from tee_infra.errors import TeeInfraError
from tee_infra.workflows.data.copy_table import CopyOptions, copy_table
from tee_infra.workflows.data.request_loop import SharedRateLimiter
from tee_infra.workflows.data.resume_file import ResumeFile
from tee_infra.workflows.data.table_io import TableAccess
from tests.faults.client import item
from tests.faults.client import side as raw_side
from tests.faults.memory import MemoryDynamoDb, key_of
from tests.faults.wire import PLACES, Wire, serve

ITEMS = 60
SILENCE = 0.2
HUNG = 20.0
"""Seconds; a client of these tests has a third of them, and one for people fifteen times as many."""
BACKOFF = Backoff(base=0.001, cap=0.02, patience=1.0, outage=1.0)


class Outcome(NamedTuple):
    """`kind` is "copied", "differs" or "error" when all is well, otherwise "LOST", "INTERNAL" or "HUNG"."""

    kind: str
    message: str
    seconds: float


def run_case(place: str, name: str, seed: int, rate: float, folder: Path, *, transport: str = "raw") -> Outcome:
    """A copy with the fault `name` at `place`, met with a chance of `rate`."""
    faults, on = PLACES[place]
    memory = MemoryDynamoDb()
    memory.tables["source"] = {key_of(item(number)): item(number) for number in range(ITEMS)}
    memory.tables["target"] = {}
    wire = Wire(memory, faults[name], rate, random.Random(seed), on)
    began = time.monotonic()
    with serve(wire) as url:
        kind, message = _copy(url, folder / f"{seed}", transport)
    seconds = time.monotonic() - began
    if kind == "copied" and memory.tables["target"] != memory.tables["source"]:
        kind = "LOST"
    return Outcome("HUNG" if seconds > HUNG else kind, message, seconds)


def _copy(url: str, path: Path, transport: str) -> tuple[str, str]:
    options = CopyOptions(backoff=BACKOFF)
    checkpoint = ResumeFile.open(path, Header("source", "target", (), options.segments), resume=False)
    try:
        sides = (_side(url, name, transport) for name in ("source", "target"))
        result = copy_table("t", *sides, options=options, checkpoint=checkpoint)
    except TeeInfraError as error:
        told = str(error)
        clear = url in told and told.isprintable() and ("source" in told or "target" in told)
        return "error" if clear else "INTERNAL", told
    except Exception as error:  # what a person would see as an internal error
        return "INTERNAL", f"{type(error).__name__}: {error}"
    finally:
        checkpoint.close(done=True)
    return ("copied" if result.validated else "differs"), json.dumps([one.reason for one in result.refused[:1]])


def _side(url: str, table: str, transport: str) -> TableAccess:
    if transport == "raw":
        return raw_side(url, table, SILENCE)
    facts = TableFacts(name=table, arn="", key_names=("pk", "sk"), key_types=("S", "S"))
    pace = SharedRateLimiter(RateLimiter(floor=1e6))
    return TableAccess(DynamoDb(_session(), url, seconds=SILENCE).transport("botocore"), facts, pace)


@cache
def _session() -> boto3.Session:
    """One for all: reading botocore's models takes longer than a copy."""
    return boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1")
