"""The embedded AWS with many items: seed, scan, copy, backup, stop and start, today's beside another commit's.

python -m bench.workplace [--items 100000] [--before COMMIT]

Client and server are of the same commit, each in a process of its own. `--before` takes the program, not the bench, out
of that commit, so that both are measured by the same steps. Seconds are CPU time of both processes: other work on the
machine does not count. Memory is what the server has grown by.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

from bench.stub import make_item

ROOT = Path(__file__).parent.parent
SOURCE, TARGET = "bench-source", "bench-target"
IDLE_SECONDS = 0.02
STEPS = ("seed", "scan", "copy", "backup", "stop", "start")


def run(items: int, before: str | None) -> None:
    columns = {"now": measure(ROOT, items)}
    if before:
        with tempfile.TemporaryDirectory() as folder:
            packed = subprocess.run(["git", "archive", before, "tee_infra"], cwd=ROOT, check=True, capture_output=True)
            subprocess.run(["tar", "-x", "-C", folder], input=packed.stdout, check=True)
            columns = {before: measure(Path(folder), items)} | columns
    print(f"| {items:,} items of about 402 B, CPU seconds | {' | '.join(columns)} |{' times |' if before else ''}")
    print("|---" * (1 + len(columns) + bool(before)) + "|")
    for step in (*STEPS, "memory, kB per item", "log, bytes"):
        values = [column[step] for column in columns.values()]
        times = f" {values[0] / values[1]:.1f} |" if before and values[1] else " |" if before else ""
        print(f"| {step} | {' | '.join(f'{value:,.1f}' for value in values)} |{times}", flush=True)


def measure(program: Path, items: int) -> dict[str, float]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environ["PYTHONPATH"] = os.pathsep.join([str(program), str(ROOT)])
    command = [sys.executable, "-m", "bench.workplace", "--steps", "--items", str(items)]
    return json.loads(subprocess.run(command, cwd=program, env=environ, check=True, stdout=subprocess.PIPE).stdout)


def steps(items: int) -> dict[str, float]:
    """Imported late: the program may be another commit's."""
    import boto3  # noqa: PLC0415

    from tee_infra import local  # noqa: PLC0415
    from tee_infra.aws.dynamodb import DynamoDb  # noqa: PLC0415

    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "aws"
        running = local.start(directory)
        os.environ.update(local.shell_environment(running))
        database = DynamoDb(boto3.Session(), running.endpoint, seconds=300)
        try:
            for table in (SOURCE, TARGET):
                create(database.client, table)
            settle(running.pid)
            empty = resident_kb(running.pid)
            timed = partial(cpu_time, running.pid)
            encoded = [json.dumps(make_item(number), separators=(",", ":")).encode() for number in range(items)]
            found["seed"] = timed(lambda: seed(database, encoded))
            found["memory, kB per item"] = (resident_kb(running.pid) - empty) / items
            found["scan"] = timed(lambda: scan(database, items))
            found["copy"] = timed(lambda: copy(database, Path(folder)))
            found["backup"] = timed(lambda: back_up(database, Path(folder) / "backup"))
            found["log, bytes"] = (directory / "log").stat().st_size
            found["stop"] = timed(lambda: local.stop(directory))
            began = process_seconds()
            running = local.start(directory)
            found["start"] = process_seconds() - began + server_seconds(running.pid)
        finally:
            local.stop(directory)
    return found


def create(client: Any, table: str) -> None:
    client.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )


def seed(database: Any, encoded: list[bytes]) -> None:
    from tee_infra.core.backoff import Backoff  # noqa: PLC0415
    from tee_infra.workflows.data.table_io import TableAccess, put_items  # noqa: PLC0415

    access = TableAccess(database.transport(), database.table(SOURCE))
    with access.requests(Event(), Backoff(), 8) as requests:
        put_items(requests, SOURCE, encoded)


def scan(database: Any, items: int) -> None:
    """As the app does it: one request after the other."""
    pages = database.client.get_paginator("scan").paginate(TableName=SOURCE)
    assert sum(page["Count"] for page in pages) == items


def copy(database: Any, folder: Path) -> None:
    from tee_infra.core.data.resume_point import Header  # noqa: PLC0415
    from tee_infra.workflows.data.copy_table import CopyOptions, copy_table  # noqa: PLC0415
    from tee_infra.workflows.data.resume_file import ResumeFile  # noqa: PLC0415
    from tee_infra.workflows.data.table_io import TableAccess  # noqa: PLC0415

    way = database.transport()
    source, target = TableAccess(way, database.table(SOURCE)), TableAccess(way, database.table(TARGET))
    options = CopyOptions()
    checkpoint = ResumeFile.open(folder / "copy", Header(SOURCE, TARGET, (), options.segments), resume=False)
    copy_table("bench", source, target, options=options, checkpoint=checkpoint)


def back_up(database: Any, folder: Path) -> None:
    from tee_infra.workflows.backup.portable import create_backup  # noqa: PLC0415
    from tee_infra.workflows.session.file_store import FolderStore  # noqa: PLC0415

    create_backup(database, FolderStore(folder), "dev", {"bench": SOURCE}, lambda *_: None)


def cpu_time(pid: int, action: Callable[[], object]) -> float:
    """CPU seconds of this process and of the server, also of one that the action ends."""
    began, last = process_seconds() + server_seconds(pid), [server_seconds(pid)]
    stopped = Event()

    def watch() -> None:
        while not stopped.wait(0.02) and Path(f"/proc/{pid}").exists():
            last[0] = max(last[0], server_seconds(pid))

    watcher = Thread(target=watch)
    watcher.start()
    action()
    stopped.set()
    watcher.join()
    return process_seconds() + max(last[0], server_seconds(pid)) - began


def process_seconds() -> float:
    return sum(resource.getrusage(resource.RUSAGE_SELF)[:2])


def server_seconds(pid: int) -> float:
    """User and system time; 0 for a process that has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def settle(pid: int) -> None:
    """Until the server has loaded its services."""
    before = -1.0
    while server_seconds(pid) > before + IDLE_SECONDS:
        before = server_seconds(pid)
        time.sleep(3)


def resident_kb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--before", metavar="COMMIT")
    parser.add_argument(
        "--steps", action="store_true", help="One commit's figures as JSON, of the program on PYTHONPATH."
    )
    arguments = parser.parse_args()
    if arguments.steps:
        print(json.dumps(steps(arguments.items)))
    else:
        run(arguments.items, arguments.before)


if __name__ == "__main__":
    main()
