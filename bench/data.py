"""Client CPU per item of the data engine beside boto3, against `stub.py` in a process of its own.

python -m bench.data [--items 50000] [--only TEXT]
python -m bench.data --throttle 4000      throughput under a limit, and how many requests it took
python -m bench.data --memory 5000000     peak memory against that of 50,000 items
"""

import argparse
import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.clients import CLIENTS

ROOT = Path(__file__).parent.parent
COPIES = "boto3 resource + batch_writer"
COMPARISONS = "boto3 scan both and compare"


@contextmanager
def stub(*arguments: str) -> Generator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.stub", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()


def measure(client: str, url: str, items: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.clients", client, url, str(items)]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def stats(url: str) -> dict[str, int]:
    request = urllib.request.Request(url, data=b"", headers={"X-Amz-Target": "Stub.Stats"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def compare(items: int, only: str) -> None:
    if not shutil.which("dynamodump"):
        print("dynamodump is not on PATH and is left out; `uv tool install dynamodump` adds it\n")
    print(f"| client ({items:,} items of about 402 B) | CPU µs/item | times cheaper | items/s | peak MB |")
    print("|---|---|---|---|---|")
    base: dict[str, float] = {}
    with stub("--items", str(items)) as url:
        for client in CLIENTS:
            if only not in client and client not in {COPIES, COMPARISONS}:
                continue
            result = measure(client, url, items)
            base[client] = result["cpu_us"]
            # The comparisons come last in the list, each measured against boto3's.
            beside = base.get(COMPARISONS, base[COPIES])
            print(
                f"| {client} | {result['cpu_us']:.1f} | {beside / result['cpu_us']:.1f} "
                f"| {result['items_s']:,.0f} | {result['peak_mb']:.0f} |",
                flush=True,
            )


def throttle(limit: int, items: int) -> None:
    for burst in (limit / 10, limit):
        with stub("--items", str(items), "--limit", str(limit), "--burst", str(burst)) as url:
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
    parser.add_argument("--throttle", type=int)
    parser.add_argument("--memory", type=int)
    arguments = parser.parse_args()
    if arguments.throttle:
        throttle(arguments.throttle, arguments.items)
    elif arguments.memory:
        memory(arguments.memory)
    else:
        compare(arguments.items, arguments.only)


if __name__ == "__main__":
    main()
