"""The app's side of a switch: boto3 and the standard library, nothing of the rest of this package.

    tables = SlotTables("prod", client=boto3.client("dynamodb"))
    client.get_item(TableName=tables.name("tee-admin"), ...)
    with tables.writing("tee-admin") as name:
        client.put_item(TableName=name, ...)

`tables` has this class, `watch` the thread that reads the pointer, `pointer_item` its item, which `raw_calls` reads,
`lease` the rules, which the model check of a switch runs too, and `errors` the refusals. `shadow` repeats reads in
another slot, and `shadow_counts` is how it compares and counts them.
"""

from tee_infra.client.errors import PointerUnreadableError, SlotTablesError, WritesHeldError, WriteUncertainError
from tee_infra.client.shadow_counts import ShadowReads
from tee_infra.client.tables import SlotTables

__all__ = [
    "PointerUnreadableError",
    "ShadowReads",
    "SlotTables",
    "SlotTablesError",
    "WriteUncertainError",
    "WritesHeldError",
]
