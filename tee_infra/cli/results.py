"""What results under `--json` are made of: the parts that several commands share.

Each command's own model stands beside the command. Durations are seconds (`_seconds`), sizes bytes (`_bytes`), times
RFC 3339 in UTC; `table` is a table's name in the catalog, and `physical_name` its name in AWS.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from tee_infra.core.changes.engine_run import Operation
from tee_infra.core.changes.table_change import ChangeClass
from tee_infra.core.data.copy_policy import CopySide
from tee_infra.core.lifecycle.record import Seed, State
from tee_infra.core.times import render_time

Time = Annotated[
    datetime,
    PlainSerializer(render_time),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]

Outputs = dict[str, Any]
"""What a stack exports."""


class ResultModel(BaseModel):
    """A part of a result: no member beside those that it names."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        from_attributes=True,
        serialize_by_alias=True,
        json_schema_serialization_defaults_required=True,
    )


class ChangeFacts(ResultModel):
    """One resource that changes. `differences`: property path -> what happens to it. `class` is of tables only.

    `blocked`: why `up` refuses the change, and with it the whole plan; null for one that it does not refuse.
    """

    operation: Operation
    type: str
    name: str
    urn: str
    differences: dict[str, str]
    change_class: ChangeClass | None = Field(alias="class")
    blocked: str | None


class IgnoredFacts(ResultModel):
    """A resource with `paths` of which AWS never hears, although the program changed them."""

    name: str
    urn: str
    paths: list[str]


class EngineRunFacts(ResultModel):
    """What the engine planned or did. `counts`: operation -> resources. `monthly_usd`: how much more is paid."""

    changes: list[ChangeFacts]
    ignored: list[IgnoredFacts]
    counts: dict[Operation, int]
    monthly_usd: float
    prices_as_of: str


class EnvironmentFacts(ResultModel):
    """One environment. `tables`: name in the catalog -> physical name. `resources` is null where it is not known.

    `problem`: what its stack file says wrongly, else null.
    """

    environment: str
    kind: str
    tables: dict[str, str]
    owner: str | None
    expires_at: Time | None
    account_id: str | None
    resources: int | None
    problem: str | None


class HoldFacts(ResultModel):
    """Why an environment is kept, whatever its lease says, until when, and by whom."""

    reason: str
    until: Time
    by: str


class FeatureFacts(ResultModel):
    """A feature environment. Where its record cannot be read, `problem` says why, and what is unknown is null.

    `warning`: its lease ends within so many hours, else null. `app`: the variables that connect the app to it.
    """

    environment: str
    branch: str | None
    repository: str | None = None
    owner: str | None
    state: State | None
    created_at: Time | None = None
    last_activity: Time | None = None
    expires_at: Time | None
    expired: bool | None = None
    warning: int | None = None
    hold: HoldFacts | None
    seed: Seed | None = None
    seeded: bool | None = None
    head: str | None = None
    destroyed_at: Time | None = None
    problem: str | None = None
    tables: dict[str, str]
    app: dict[str, str]
    target: str | None = None


class FeatureRunFacts(FeatureFacts, EngineRunFacts):
    """A feature environment, and what the engine planned or did to it."""


class TableNames(ResultModel):
    """A table by its name in the catalog and its name in AWS."""

    table: str
    physical_name: str


class SideFacts(ResultModel):
    """One side of a transfer of a table: whose it is, null for a table of no environment, and its name in AWS."""

    environment: str | None
    physical_name: str


def side_facts(end: CopySide, physical: str) -> SideFacts:
    """One side of the transfer of a table."""
    return SideFacts(environment=end.environment.name if end.environment else None, physical_name=physical)
