"""What a running replication tells about itself: an item of the control table, which `migrate status` reads."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tee_infra.core import names
from tee_infra.core.lifecycle.record import Time
from tee_infra.core.lifecycle.stored_record import first_problem
from tee_infra.core.unreadable import Unreadable

Count = Annotated[int, Field(ge=0)]
Phase = Literal["starting", "copying", "sweeping", "following", "comparing"]


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Warming(_Stored):
    """The increase of a table's warm throughput, which AWS takes minutes for; `problem`: why it failed."""

    state: Literal["raising", "raised", "failed"]
    problem: str | None = None


class TableReport(_Stored):
    """One table. Milliseconds and counts are whole numbers, because the control table has no others.

    `warming`: None where nothing is raised.
    """

    phase: Phase
    estimated_items: Count
    items: Count
    lag_milliseconds: Count | None = None
    quarantined: Count
    different: Count | None = None
    repaired: Count
    broken_references: Count = 0
    dangling_references: Count = 0
    throttled: Count
    throttles: dict[str, int]
    unanswered: Count
    verified_at: Time | None = None
    warming: Warming | None = None


class Report(_Stored):
    """One replication. `holder` is the user, machine and process that ran it last; `running` until it has ended.

    `percent`: of the rate; `paused`: nothing is read or written.
    """

    source: str
    target: str
    holder: str
    at: Time
    running: bool
    percent: Annotated[int, Field(ge=1, le=100)] = 100
    paused: bool = False
    problem: str | None = None
    tables: dict[str, TableReport]

    def item(self) -> dict[str, Any]:
        """The item to write."""
        key = {"pk": names.REPORTS, "sk": sort_key(self.source, self.target)}
        return {**key, "report": self.model_dump(mode="json", exclude_none=True)}

    def age(self, now: datetime) -> float:
        """Seconds since it was written."""
        return (now - self.at).total_seconds()


class Orders(_Stored):
    """What a person has told a running replication; `version` is the condition of a write."""

    version: Count = 0
    percent: Annotated[int, Field(ge=1, le=100)] = 100
    paused: bool = False

    def changed(self, **fields: Any) -> Self:
        """The next version."""
        return type(self).model_validate(self.model_dump() | fields | {"version": self.version + 1})


def sort_key(source: str, target: str) -> str:
    """The sort key of a replication's report and orders."""
    return f"{source}#{target}"


def read_report(item: Mapping[str, Any]) -> Report | Unreadable:
    """The report in an item."""
    try:
        return Report.model_validate(item.get("report"))
    except ValidationError as error:
        return Unreadable(reason=f"its report cannot be read: {first_problem(error, 'report')}")


def read_orders(item: Mapping[str, Any] | None) -> Orders:
    """The orders in an item, those of a running replication without a person's without one.

    An item that cannot be read pauses it: a person has wanted something.
    """
    if item is None:
        return Orders()
    try:
        return Orders.model_validate({key: value for key, value in item.items() if key not in ("pk", "sk")})
    except ValidationError:
        return Orders(paused=True)
