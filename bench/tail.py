"""Client CPU per changed key of the tail beside boto3, against `stub.py` in a process of its own.

python -m bench.tail [--items 50000] [--runs 3] [--plain]
python -m bench.tail --memory 500000      peak memory against that of 50,000 changed keys

Each key has one record in one shard. The tail reads the stream, then each key strongly from the source, and writes it.
"keys/s/core" is what one core could do; the stub has another one. Over TLS, as AWS always is, unless `--plain`.
"""

import argparse
import gc
import json
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import boto3

from bench.clients import REGION, SOURCE, TARGET, cpu_seconds
from bench.data import ROOT, spread, stub
from bench.stub_stream import SHARD
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli import OBJECTS_BEFORE_A_COLLECTION
from tee_infra.core.cutover.journal import Progress
from tee_infra.core.cutover.journal_items import SEGMENTS, StoredJournal
from tee_infra.core.cutover.replication import replicate
from tee_infra.core.cutover.requests import Done, Side
from tee_infra.workflows.cutover.item_client import ItemClient
from tee_infra.workflows.cutover.table_replication import ReplicatedTable, TableReplication, Tuning
from tee_infra.workflows.cutover.table_requests import Pools, Shared, TableRequests
from tee_infra.workflows.cutover.worker_pool import WorkerPool

PLAIN, BATCHED, OURS = "boto3, key by key", "boto3, 25 keys a request", "migrate tail"


@dataclass
class Noted:
    """A journal that takes everything, and a lock that is never lost."""

    entries: int = 0

    def write(self, items: Any, reply: Callable[[Any], None]) -> None:
        self.entries += len(items)
        reply(Done())

    def write_now(self, items: Any) -> Done:
        self.entries += len(items)
        return Done()

    def check(self) -> None:
        pass


def tail(url: str, items: int) -> None:
    """As the command does it: lanes, strong reads, batches, a journal entry for each page."""
    database, noted = DynamoDb(boto3.Session(region_name=REGION), url), Noted()
    pools = Pools(WorkerPool(24, "items"), WorkerPool(6, "stream"))
    journal: Any = noted
    shared = Shared(writer=journal, lock=journal, pools=pools, applies=lambda: True, pace=nullcontext)
    table = ReplicatedTable(name="bench", source=database.table(SOURCE), target=database.table(TARGET))
    progress = Progress(SEGMENTS, positioned=True, barrier=True, shards={SHARD: None})
    stored = StoredJournal(progress=progress, generation=1)
    clients = {
        Side.SOURCE: ItemClient(database.transport(), table.source),
        Side.TARGET: ItemClient(database.transport(), table.target),
    }
    stream = database.stream(table.source)
    requests = TableRequests(clients, stream, shared, name="bench", journal="bench", stored=stored)
    tuning = Tuning(in_flight=0.0, heartbeat=1e9)
    replication = TableReplication(
        table,
        requests,
        stored,
        name="bench",
        transform=lambda item: item,
        tuning=tuning,
        since_verified=False,
        repairs=True,
    )
    replication.loop.start(replicate(replication.run))
    done = threading.Event()
    while requests.counters.written < items:
        done.wait(0.01)
        if replication.loop.failure is not None:
            raise replication.loop.failure
    replication.stop()
    replication.loop.join(10)
    pools.close()


def boto3_tail(url: str, items: int, at_once: int) -> None:
    """Reads the stream, gets each key, puts it: with one key at a time, or with 25."""
    session = boto3.Session(region_name=REGION)
    database, streams = (session.client(name, endpoint_url=url) for name in ("dynamodb", "dynamodbstreams"))
    arn = database.describe_table(TableName=SOURCE)["Table"]["LatestStreamArn"]
    start = streams.get_shard_iterator(StreamArn=arn, ShardId=SHARD, ShardIteratorType="TRIM_HORIZON")
    iterator, done = start["ShardIterator"], 0
    while done < items:
        page = streams.get_records(ShardIterator=iterator)
        iterator = page["NextShardIterator"]
        keys = [record["dynamodb"]["Keys"] for record in page["Records"]]
        for first in range(0, len(keys), at_once):
            batch = keys[first : first + at_once]
            if at_once == 1:
                item = database.get_item(TableName=SOURCE, Key=batch[0], ConsistentRead=True)["Item"]
                database.put_item(TableName=TARGET, Item=item)
            else:
                asked = {SOURCE: {"Keys": batch, "ConsistentRead": True}}
                found = database.batch_get_item(RequestItems=asked)["Responses"][SOURCE]
                database.batch_write_item(RequestItems={TARGET: [{"PutRequest": {"Item": item}} for item in found]})
            done += len(batch)


CLIENTS: dict[str, Callable[[str, int], None]] = {
    PLAIN: lambda url, items: boto3_tail(url, items, 1),
    BATCHED: lambda url, items: boto3_tail(url, items, 25),
    OURS: tail,
}


def measure(client: str, url: str, items: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.tail", "--client", client, "--url", url, "--items", str(items)]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def run(items: int, runs: int = 3, *, plain: bool = False) -> None:
    """A table: each client's cost of a changed key."""
    with stub("--items", str(items), plain=plain) as url:
        rounds = [{client: measure(client, url, items) for client in CLIENTS} for _ in range(runs)]
    print(f"{items:,} changed keys over {'plain HTTP' if plain else 'TLS'}, median of {runs} runs (and range)\n")
    print("| client | CPU µs/key | times cheaper | keys/s/core | keys/s | peak MB |")
    print("|---|---|---|---|---|---|")
    for client in CLIENTS:
        cpu = [done[client]["cpu_us"] for done in rounds]
        ratios = [done[PLAIN]["cpu_us"] / done[client]["cpu_us"] for done in rounds]
        speed, peak = (statistics.median(done[client][what] for done in rounds) for what in ("items_s", "peak_mb"))
        a_core = 1e6 / statistics.median(cpu)
        print(f"| {client} | {spread(cpu)} | {spread(ratios)} | {a_core:,.0f} | {speed:,.0f} | {peak:.0f} |")


def memory(items: int) -> None:
    """Peak memory with more changed keys."""
    for count in (50_000, items):
        with stub("--items", str(count)) as url:
            result = measure(OURS, url, count)
        print(f"{OURS}, {count:,} changed keys: peak {result['peak_mb']:.0f} MB, {result['cpu_us']:.1f} µs/key")


def _client(name: str, url: str, items: int) -> None:
    if name == OURS:
        gc.set_threshold(OBJECTS_BEFORE_A_COLLECTION)  # as the command does
    began, cpu = time.monotonic(), cpu_seconds()
    CLIENTS[name](url, items)
    cpu, wall = cpu_seconds() - cpu, time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu_us": cpu / items * 1e6, "items_s": items / wall, "peak_mb": peak}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--plain", action="store_true", help="plain HTTP instead of TLS")
    parser.add_argument("--memory", type=int)
    parser.add_argument("--client", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.client:
        _client(arguments.client, arguments.url, arguments.items)
    elif arguments.memory:
        memory(arguments.memory)
    else:
        run(arguments.items, arguments.runs, plain=arguments.plain)


if __name__ == "__main__":
    main()
