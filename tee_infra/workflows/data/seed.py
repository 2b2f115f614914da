"""Write synthetic members to an environment."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event
from typing import Final

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.refusals import RefusedItem
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.data.table_identity import production_reason
from tee_infra.core.environments import Environment
from tee_infra.errors import RefusedError
from tee_infra.workflows.data.progress import Progress
from tee_infra.workflows.data.table_io import TableAccess, put_items
from tee_infra.workflows.data.workers import run_all

_MEMBERS_A_PIECE: Final = 250
_THREADS: Final = 3
_REQUESTS_UNDER_WAY: Final = 8


class SyntheticProductionError(RefusedError):
    """Production never gets synthetic items, nor what may be production. `reason` says why a table is or may be."""

    def __init__(self, environment: str, reason: str | None = None) -> None:
        self.environment = environment
        because = f": {reason}" if reason else ""
        super().__init__(
            f"{environment}: production never gets synthetic items{because}. Nothing was written. Name another "
            "environment"
        )


@dataclass
class SeededTable:
    """Items written to one table, each acknowledged, and those that it does not take."""

    name: str
    table: str
    items: int
    refused: list[RefusedItem]


@dataclass(frozen=True)
class Seeded:
    """Items written to all tables."""

    tables: list[SeededTable]
    seconds: float
    client_cpu_seconds: float


def require_no_production(environment: Environment) -> None:
    """Raises `SyntheticProductionError`."""
    if environment.kind.production:
        raise SyntheticProductionError(environment.name)


def seed_data(
    dynamodb: DynamoDb,
    environment: Environment,
    tables: Mapping[str, str],
    data: SyntheticData,
    members: int,
    *,
    progress: Progress,
) -> Seeded:
    """Write the items of `members` synthetic members to `tables` (logical -> physical names).

    Idempotent; items with other keys are kept. Needs memory for a few hundred members, independent of their number.
    Raises `SyntheticProductionError`, `RemoteError`.
    """
    require_no_production(environment)
    began, cpu = time.monotonic(), time.process_time()
    transport = dynamodb.transport()
    sides = {name: TableAccess(transport, dynamodb.table(physical)) for name, physical in tables.items()}
    for side in sides.values():
        if reason := production_reason(dynamodb.identity(side.table)):
            raise SyntheticProductionError(side.table.name, reason)

    def write(piece: tuple[range, str], stop: Event) -> tuple[int, list[RefusedItem]]:
        numbers, name = piece
        items = list(data.items(name, numbers))
        with sides[name].requests(stop, Backoff(), _REQUESTS_UNDER_WAY) as requests:
            refused = put_items(requests, tables[name], items)
        progress(tables[name], len(items))
        keys = sides[name].table.key_names
        return len(items) - len(refused), [item.named(keys) for item in refused]

    numbers = range(members)
    starts = range(0, members, _MEMBERS_A_PIECE)
    pieces = [(numbers[start : start + _MEMBERS_A_PIECE], name) for start in starts for name in tables]
    seeded = {name: SeededTable(name, physical, 0, []) for name, physical in tables.items()}
    for (_, name), (count, refused) in zip(pieces, run_all(pieces, write, _THREADS), strict=True):
        seeded[name].items += count
        seeded[name].refused += refused
    return Seeded(
        tables=list(seeded.values()),
        seconds=time.monotonic() - began,
        client_cpu_seconds=time.process_time() - cpu,
    )
