"""The throughput of a table and each of its indexes: a cap on demand, or a provisioned capacity."""

from typing import Any

from tee_infra.core.settings import Settings


def table_throughput(settings: Settings) -> dict[str, Any]:
    """The arguments of a table for its throughput. Units are read and write units a second."""
    return {"billing_mode": settings.billing_mode, **index_throughput(settings)}


def index_throughput(settings: Settings) -> dict[str, Any]:
    """The arguments of an index for its throughput: the table's limit does not include it, so each needs its own.

    A cap always has both keys: leaving one out means no limit.
    """
    reads, writes = settings.max_read_units, settings.max_write_units
    if settings.billing_mode == "PROVISIONED":
        return {"read_capacity": reads, "write_capacity": writes}
    if reads is None:
        return {}
    return {"on_demand_throughput": {"max_read_request_units": reads, "max_write_request_units": writes}}
