"""Whether a source changed while it was copied: by its stream, else by a second reading.

A stream costs a few requests and tells how many items changed. Where there is none or this role may not read it, the
source is read once more, and its signature compared with that of the copied items.
"""

from collections.abc import Callable
from dataclasses import replace

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.data.comparison import SourceChanges
from tee_infra.errors import TeeInfraError
from tee_infra.workflows.data.compare_tables import signature_of
from tee_infra.workflows.data.copy_table import CopyOptions, CopyResult, compare_options
from tee_infra.workflows.data.table_io import TableAccess


def watch_copy(
    dynamodb: DynamoDb, source: TableAccess, options: CopyOptions, copy: Callable[[], CopyResult], *, resumed: bool
) -> CopyResult:
    """Copy, and add what is known of the changes of `source` meanwhile.

    A stream is read from now on, so a `resumed` copy is read again: its first items were copied by an earlier run.
    """
    watch = None if resumed else dynamodb.watch(source.table)
    if watch is None:
        result = copy()
        return replace(result, source_changes=_read_again(source, options, result))
    watch.open()
    try:
        result = copy()
    finally:
        changed = watch.finish()
    if watch.problem and not changed:
        return replace(result, source_changes=_read_again(source, options, result))
    found = SourceChanges(by="stream", changed=changed > 0, items=changed, problem=watch.problem)
    return replace(result, source_changes=found)


def _read_again(source: TableAccess, options: CopyOptions, result: CopyResult) -> SourceChanges:
    if options.limit is not None:
        return SourceChanges(by=None, changed=None, problem="no stream could be read, and only a part was copied")
    compare = compare_options(options)
    try:
        now = signature_of(source, compare, compare.transform, raw=True)
    except TeeInfraError as error:
        return SourceChanges(by=None, changed=None, problem=str(error))
    return SourceChanges(by="second reading", changed=now != result.written_signature)
