"""Copies with AWS's own route: export, wait, bulk load, wait."""

import time
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from tee_infra.aws.dynamodb import DynamoDbError
from tee_infra.core.data.s3_bulk_load import BulkLoad, export_request, load_request, read_export, read_load
from tee_infra.core.tables.description import TableFacts

_POLL_SECONDS: Final = 30.0


def copy_in_aws(
    clients: tuple[Any, Any],
    source: TableFacts,
    target: TableFacts,
    *,
    bucket: str,
    token: str,
    sleep: Callable[[float], None] = time.sleep,
) -> BulkLoad:
    """Copy a table through a bucket. `clients` are the source's and the target's DynamoDB clients.

    With the same `token` within eight hours, it resumes the export and load that were started. Raises
    `BulkFailedError`, `DynamoDbError`.
    """
    exporting, loading = clients
    try:
        export = exporting.export_table_to_point_in_time(**export_request(source, bucket, token))["ExportDescription"]
        while not read_export(source.name, export):
            sleep(_POLL_SECONDS)
            export = exporting.describe_export(ExportArn=export["ExportArn"])["ExportDescription"]
        load = loading.start_bulk_put_items(**load_request(target, export, token))["BulkOperationDescription"]
        while (done := read_load(target.name, load)) is None:
            sleep(_POLL_SECONDS)
            arn = load["BulkOperationArn"]
            load = loading.describe_bulk_operation(BulkOperationArn=arn)["BulkOperationDescription"]
    except (BotoCoreError, ClientError) as error:
        raise DynamoDbError(f"copying {source.name} by AWS", " ".join(str(error).split())) from None
    return done
