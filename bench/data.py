"""Client CPU per item of the data engine beside boto3, against `stub.py` in a process of its own.

python -m bench.data [--items 50000] [--only TEXT] [--runs 3] [--plain]
python -m bench.data --throttle 4000      throughput under a limit, and how many requests it took
python -m bench.data --memory 5000000     peak memory against that of 50,000 items

Over TLS, as AWS always is, unless `--plain`. Every run measures all clients in turn, so that a busy machine makes all
of them slower; the table has the median of the runs and their range.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.certificates import make_authority
from bench.clients import CLIENTS

ROOT = Path(__file__).parent.parent
COPIES = "boto3 resource + batch_writer"
COMPARISONS = "boto3 scan both and compare"
DUMPS = "dynamodump backup + restore"


@contextmanager
def stub(*arguments: str, plain: bool = False) -> Generator[str]:
    """Its URL. Over TLS, botocore and the raw transport trust its authority by `AWS_CA_BUNDLE`."""
    with tempfile.TemporaryDirectory() as folder:
        tls: list[str] = []
        if not plain:
            authority = make_authority(Path(folder))
            os.environ["AWS_CA_BUNDLE"] = str(authority.bundle)
            tls = ["--tls", str(authority.server)]
        command = [sys.executable, "-m", "bench.stub", *tls, *arguments]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            yield f"{'http' if plain else 'https'}://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


def measure(client: str, url: str, items: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.clients", client, url, str(items)]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def stats(url: str) -> dict[str, int]:
    request = urllib.request.Request(url, data=b"", headers={"X-Amz-Target": "Stub.Stats"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def compare(items: int, only: str, runs: int, *, plain: bool) -> None:
    if not (plain and shutil.which("dynamodump")):
        print("dynamodump speaks plain HTTP: `uv tool install dynamodump`, and `--plain`\n")
        CLIENTS.pop(DUMPS, None)
    chosen = [client for client in CLIENTS if only in client or client in {COPIES, COMPARISONS}]
    with stub("--items", str(items), plain=plain) as url:
        rounds = [{client: measure(client, url, items) for client in chosen} for _ in range(runs)]
    print(
        f"{items:,} items of about 402 B over {'plain HTTP' if plain else 'TLS'}, median of {runs} runs (and range)\n"
    )
    print("| client | CPU µs/item | times cheaper | items/s | peak MB |")
    print("|---|---|---|---|---|")
    base = COPIES
    for client in chosen:
        # The comparisons come last in the list, each measured against boto3's of the same run.
        base = COMPARISONS if client == COMPARISONS else base
        cpu = [done[client]["cpu_us"] for done in rounds]
        ratios = [done[base]["cpu_us"] / done[client]["cpu_us"] for done in rounds]
        speed, peak = (statistics.median(done[client][what] for done in rounds) for what in ("items_s", "peak_mb"))
        print(f"| {client} | {spread(cpu)} | {spread(ratios)} | {speed:,.0f} | {peak:.0f} |")


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f}-{max(values):.1f})"


def throttle(limit: int, items: int) -> None:
    for burst in (limit / 10, limit):
        with stub("--items", str(items), "--limit", str(limit), "--burst", str(burst), plain=True) as url:
            result = measure("data copy", url, items)
            counts = stats(url)
        print(
            f"limit {limit:,} units/s, burst {burst:,.0f}: {result['items_s'] / limit:.0%} of the limit, "
            f"{counts['writes'] / (items / 25):.2f} times the ideal number of write requests"
        )


def memory(items: int) -> None:
    for count in (50_000, items):
        with stub("--items", str(count)) as url:
            for client in ("data copy", "data validate"):
                result = measure(client, url, count)
                print(f"{client}, {count:,} items: peak {result['peak_mb']:.0f} MB, {result['cpu_us']:.1f} µs/item")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--only", default="")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--plain", action="store_true", help="plain HTTP instead of TLS")
    parser.add_argument("--throttle", type=int)
    parser.add_argument("--memory", type=int)
    arguments = parser.parse_args()
    if arguments.throttle:
        throttle(arguments.throttle, arguments.items)
    elif arguments.memory:
        memory(arguments.memory)
    else:
        compare(arguments.items, arguments.only, arguments.runs, plain=arguments.plain)


if __name__ == "__main__":
    main()
