"""The clients that the benchmark compares: `clients.py NAME URL ITEMS` runs one and prints its cost as JSON.

CPU is user and system time of this process from the first request to the last; imports and clients are made before.
"""

import gc
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

import boto3

from bench.anonymize import three_attributes
from tee_infra.aws.dynamodb import DynamoDb, TransportName
from tee_infra.cli import OBJECTS_BEFORE_A_COLLECTION
from tee_infra.core.codec.transform import Transform
from tee_infra.core.data.comparison import CompareOptions
from tee_infra.core.data.resume_point import Header
from tee_infra.workflows.data.compare_tables import compare_tables
from tee_infra.workflows.data.copy_table import CopyOptions, copy_table
from tee_infra.workflows.data.resume_file import ResumeFile
from tee_infra.workflows.data.table_io import TableAccess

Run: TypeAlias = Callable[[], object]

SOURCE, TARGET, ANONYMIZED = "bench-source", "bench-target", "bench-anonymized"
REGION = "us-east-1"
THREADS = 8
os.environ.setdefault("AWS_ACCESS_KEY_ID", "bench")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "bench")


def engine_sides(url: str, transport: TransportName, target: str = TARGET) -> tuple[TableAccess, TableAccess]:
    database = DynamoDb(boto3.Session(region_name=REGION), url)
    way = database.transport(transport)
    return TableAccess(way, database.table(SOURCE)), TableAccess(way, database.table(target))


def engine_copy(url: str, transport: TransportName = "raw", transform: Transform | None = None) -> Run:
    """As the command does it: with a checkpoint, and validated."""
    source, target = engine_sides(url, transport, ANONYMIZED if transform else TARGET)
    options = CopyOptions(transform=transform)
    header = Header(SOURCE, TARGET, (), options.segments)
    checkpoint = ResumeFile.open(Path(tempfile.mkdtemp()) / "checkpoint", header, resume=False)
    return lambda: copy_table("bench", source, target, options=options, checkpoint=checkpoint)


def engine_validate(url: str) -> Run:
    source, target = engine_sides(url, "raw")

    def run() -> None:
        assert compare_tables(source, target, CompareOptions()).equal

    return run


def boto3_resource_copy(url: str) -> Run:
    database: Any = boto3.resource("dynamodb", region_name=REGION, endpoint_url=url)
    source, target = database.Table(SOURCE), database.Table(TARGET)

    def run() -> None:
        with target.batch_writer() as writer:
            for item in scan(source):
                writer.put_item(Item=item)

    return run


def boto3_client_copy(url: str) -> Run:
    client = boto3.client("dynamodb", region_name=REGION, endpoint_url=url)

    def segment(number: int) -> None:
        pages = client.get_paginator("scan").paginate(TableName=SOURCE, Segment=number, TotalSegments=THREADS)
        for page in pages:
            items = page["Items"]
            for start in range(0, len(items), 25):
                puts: Any = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
                while puts:
                    reply = client.batch_write_item(RequestItems={TARGET: puts})
                    puts = reply["UnprocessedItems"].get(TARGET, [])

    def run() -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(segment, range(THREADS)))

    return run


def dynamodump_copy(url: str) -> Run:
    """Back up and restore, which is how it copies. Its threads start a second apart, so only its CPU is of interest."""
    host, port = url.removeprefix("http://").split(":")
    where = ["-r", REGION, "--host", host, "--port", port, "--accessKey", "bench", "--secretKey", "bench"]
    folder = tempfile.mkdtemp()
    common = ["dynamodump", *where, "-s", SOURCE, "--dumpPath", "dump", "--noConfirm", "--skipThroughputUpdate"]

    def run() -> None:
        for arguments in (["-m", "backup"], ["-m", "restore", "-d", TARGET, "--dataOnly"]):
            subprocess.run([*common, *arguments], cwd=folder, check=True, capture_output=True, timeout=600)

    return run


def boto3_validate(url: str) -> Run:
    database: Any = boto3.resource("dynamodb", region_name=REGION, endpoint_url=url)

    def everything(name: str) -> dict[Any, Any]:
        return {(item["pk"], item["sk"]): item for item in scan(database.Table(name))}

    def run() -> None:
        assert everything(SOURCE) == everything(TARGET)

    return run


def scan(table: Any) -> Any:
    arguments: dict[str, Any] = {}
    while True:
        page = table.scan(**arguments)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]


CLIENTS: dict[str, Callable[[str], Run]] = {
    "boto3 resource + batch_writer": boto3_resource_copy,
    "boto3 client, 8 segments": boto3_client_copy,
    **({"dynamodump backup + restore": dynamodump_copy} if shutil.which("dynamodump") else {}),
    "data copy --transport botocore": lambda url: engine_copy(url, "botocore"),
    "data copy": engine_copy,
    "data copy + 3 anonymized attributes": lambda url: engine_copy(url, "raw", three_attributes()),
    "boto3 scan both and compare": boto3_validate,
    "data validate": engine_validate,
}


def cpu_seconds() -> float:
    """User and system time of this process and of those that it has waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def main() -> None:
    name, url, items = sys.argv[1], sys.argv[2], int(sys.argv[3])
    run = CLIENTS[name](url)
    if name.startswith("data "):
        gc.set_threshold(OBJECTS_BEFORE_A_COLLECTION)  # as the command does
    began, cpu = time.monotonic(), cpu_seconds()
    run()
    cpu, wall = cpu_seconds() - cpu, time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"client": name, "cpu_us": cpu / items * 1e6, "items_s": items / wall, "peak_mb": peak}))


if __name__ == "__main__":
    main()
