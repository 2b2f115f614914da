"""An account in which a switch has replaced a slot's tables long ago, as the control table and CloudWatch say it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tee_infra.aws.consumption import READS, WRITES
from tee_infra.aws.control_store import ControlItems
from tee_infra.core import names
from tee_infra.core.cutover.slots import dimensions_of
from tee_infra.core.resources.alarms import NAMESPACE
from tee_infra.core.tables.catalog import TABLES

LONG_AGO = timedelta(hours=49)


def replaced(items: ControlItems, slot: str, by: str, *, ago: timedelta = LONG_AGO, **journal: Any) -> None:
    """A finished switch from `slot` to `by`. `journal` are members of its journal that are other ones."""
    now = items.get("none", "none")[1]
    pointer = {"pk": names.pointer("prod"), "sk": "pointer", "epoch": 3, "state": "ACTIVE", "slot": by}
    before = items.get(pointer["pk"], pointer["sk"])[0]
    assert items.put(pointer, {"epoch": before["epoch"]} if before else None)
    fields = {"environment": "prod", "source": slot, "target": by, "epoch": 0, "version": 9, "step": "finished"}
    fields |= {"pk": "switch#prod", "sk": "journal", "run": 1, "written_at": (now - ago).isoformat(), **journal}
    assert items.put(fields, None)


def consumed(cloudwatch: Any, slot: str, *, days_ago: float = 30, metrics: tuple[str, ...] = (READS, WRITES)) -> None:
    """Each table and index of a slot consumed capacity at this time. AWS itself refuses this namespace."""
    at = datetime.now(UTC) - timedelta(days=days_ago)
    for table in TABLES:
        for dimensions in dimensions_of(
            names.table(slot, table.name), [index.name for index in table.indexes]
        ).values():
            pairs = [{"Name": key, "Value": value} for key, value in dimensions.items()]
            data = [{"MetricName": name, "Dimensions": pairs, "Timestamp": at, "Value": 5} for name in metrics]
            cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=data)
