"""Short ways to fill, copy and compare tables in tests."""

import threading
from collections.abc import Iterable
from pathlib import Path

from tee_infra.aws.dynamodb import DynamoDb, TransportName
from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.digest import canonical, canonical_and_key
from tee_infra.core.data.resume_point import Header
from tee_infra.workflows.data.copy_table import CopyOptions, CopyResult, copy_table
from tee_infra.workflows.data.resume_file import ResumeFile
from tee_infra.workflows.data.table_io import TableAccess, put_items, scan_pages

QUICK = Backoff(base=0.001, cap=0.01, patience=20.0)


def side(dynamodb: DynamoDb, table: str, transport: TransportName = "raw") -> TableAccess:
    return TableAccess(dynamodb.transport(transport), dynamodb.table(table))


def fill(dynamodb: DynamoDb, table: str, items: Iterable[bytes]) -> None:
    with side(dynamodb, table).requests(threading.Event(), QUICK, 4) as requests:
        put_items(requests, table, list(items))


def contents(dynamodb: DynamoDb, table: str) -> dict[bytes, bytes]:
    """Canonical key -> canonical item of everything."""
    place = side(dynamodb, table)
    with place.requests(threading.Event(), QUICK) as requests:
        items = [item for page in scan_pages(requests, table) for item in page.items]
    return {canonical_and_key(item, place.table.key_names)[1]: canonical(item) for item in items}


def copy(
    source: TableAccess, target: TableAccess, checkpoint: Path, *, resume: bool = False, **options: object
) -> CopyResult:
    chosen = CopyOptions(**{"backoff": QUICK, **options})
    header = Header(source.table.name, target.table.name, (), chosen.segments)
    file = ResumeFile.open(checkpoint, header, resume=resume)
    done = False
    try:
        result = copy_table("t", source, target, options=chosen, checkpoint=file)
        done = result.validated
    finally:
        file.close(done=done)
    return result
