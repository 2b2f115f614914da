"""The first data of a feature environment: people who never existed, or some of another environment's, anonymized."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tee_infra.aws.connection import Connection
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.data.copy_policy import CopySide, check_sides, copy_side
from tee_infra.core.environments import Environment, parse_environment
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.errors import PartialError, UsageError
from tee_infra.workflows.data.anonymize_key import read_key
from tee_infra.workflows.data.anonymize_report import check_shapes
from tee_infra.workflows.data.copy_environment import prepare_copy, run_copy
from tee_infra.workflows.data.seed import seed_data
from tee_infra.workflows.data.sync_dev import SubsetOptions
from tee_infra.workflows.data.table_io import TableAccess
from tee_infra.workflows.session.data_connection import open_dynamodb

MEMBERS: Final = 50
"""Of synthetic people: about 350 items in all."""
FRACTION: Final = 0.05
"""Of the source's people, the same ones in every table."""


class NoSourceError(UsageError):
    """An earlier run was to take another environment's data and did not come to it; this one does not say whose."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        super().__init__(
            f"{environment} is yet to be filled with another environment's data",
            next="Name it: --seed anonymized --from staging",
        )


class SeedIncompleteError(PartialError):
    """Tables that do not hold what was copied to them."""

    def __init__(self, environment: str, tables: list[str]) -> None:
        self.environment = environment
        self.tables = tables
        super().__init__(
            f"{environment} does not hold what was copied: {', '.join(tables)}", next="Run the same command again"
        )


@dataclass(frozen=True, kw_only=True)
class Source:
    """Another environment whose data may be taken, checked. `key` makes the pseudonyms."""

    end: CopySide
    dynamodb: DynamoDb
    key: bytes


def open_source(source: Environment, target: str, connection: Connection, environ: Mapping[str, str]) -> Source:
    """Check that `source` may be copied to the feature environment `target`, before there is anything of that.

    `connection` leads to the source. Raises as `check_sides` and `read_key` do, `NoTableError`, and
    `UnclassifiedAttributesError` where the source holds what nobody has classified.
    """
    if source.name == target:
        raise UsageError(f"--from is {target}, which is the environment that is to be seeded", next="Name another one")
    end = copy_side(source.name)
    check_sides(end, copy_side(target), anonymized=True)
    dynamodb = open_dynamodb(connection)
    key = read_key(source, None, environ, connection)
    tables = {name: dynamodb.table(physical) for name, physical in end.tables.items()}
    transport = dynamodb.transport()
    check_shapes([(name, TableAccess(transport, table)) for name, table in tables.items()])
    return Source(end=end, dynamodb=dynamodb, key=key)


def seed_feature(
    dynamodb: DynamoDb, record: FeatureRecord, source: Source | None, report: Callable[[str], None]
) -> int:
    """Write the record's seed to the environment's tables and return how many items that are.

    Written again it is the same: items under other keys are left alone. Raises `NoSourceError`, `SeedIncompleteError`,
    and as `seed_data`, `prepare_copy` and `run_copy` do.
    """
    if record.seed == "none":
        return 0
    if record.seed == "anonymized":
        if source is None:
            raise NoSourceError(record.environment)
        report(f"seeding with {FRACTION:.0%} of the people of {source.end.name}, under pseudonyms")
        return _copy(dynamodb, record, source)
    number = seed_number(record.repository, record.branch)
    report(f"seeding with {MEMBERS} synthetic members, seed {number}")
    tables = copy_side(record.environment).tables
    environment = parse_environment(record.environment)
    data = SyntheticData(number)
    seeded = seed_data(dynamodb, environment, tables, data, MEMBERS, progress=lambda _table, _items: None)
    return sum(table.items for table in seeded.tables)


def seed_number(repository: str, branch: str) -> int:
    """The seed of a branch's synthetic people: its own, and the same every time."""
    digest = hashlib.sha256(f"{repository}\0{branch}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def _copy(dynamodb: DynamoDb, record: FeatureRecord, source: Source) -> int:
    """Begun anew after an interruption: it is little, and what stands in for a person depends on the key alone."""
    ends = source.end, copy_side(record.environment)
    choice = SubsetOptions(key=source.key, fraction=FRACTION)
    plan = prepare_copy(source.dynamodb, dynamodb, ends, (), choice=choice)
    with TemporaryDirectory(prefix="tee-infra-") as folder:
        results = run_copy(
            source.dynamodb,
            dynamodb,
            plan,
            Path(folder) / "checkpoint",
            resume=False,
            transport=None,
            report=lambda _table, _at: None,
        )
    if wrong := [result.table for result in results if not result.validated]:
        raise SeedIncompleteError(record.environment, wrong)
    return sum(result.written for result in results)
