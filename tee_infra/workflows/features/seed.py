"""The initial data of a feature environment: synthetic members, or an anonymized subset of another environment."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tee_infra.aws.connection import Connection
from tee_infra.aws.dynamodb import DynamoDb, open_dynamodb
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
from tee_infra.workflows.session.open_slot import side_of_open_slot

MEMBERS: Final = 50
"""Number of synthetic members: about 350 items in all."""
FRACTION: Final = 0.05
"""Fraction of the source's members, the same members in every table."""


class NoSourceError(UsageError):
    """The initial data is anonymized, is not written yet, and this run names no source."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        super().__init__(
            f"{environment}: the anonymized initial data is not written yet, and no source is given. Nothing was "
            "changed",
            next="Run the same command with --seed anonymized --from staging",
        )


class SeedIncompleteError(PartialError):
    """Tables that differ from the items that were copied to them."""

    def __init__(self, environment: str, tables: list[str]) -> None:
        self.environment = environment
        self.tables = tables
        super().__init__(
            f"{environment}: incomplete initial data in {', '.join(tables)}",
            next="Run the same command again to resume",
        )


@dataclass(frozen=True, kw_only=True)
class Source:
    """A checked source of anonymized data. `key` is the anonymization key."""

    end: CopySide
    dynamodb: DynamoDb
    key: bytes


def check_source(source: Environment, target: str) -> None:
    """Check that `source` may be copied to the feature environment `target`. Raises `UsageError`, as `check_sides`."""
    if source.name == target:
        raise UsageError(f"--from {target}: is the target itself", next="Name another environment")
    check_sides(copy_side(source.name), copy_side(target), anonymized=True)


def open_source(
    source: Environment, target: str, connection: Connection, environ: Mapping[str, str], report: Callable[[str], None]
) -> Source:
    """Check that `source` may be copied to the feature environment `target`, before its first resource is created.

    `connection` leads to the source. Raises as `check_sides` and `read_key` do, `NoTableError`, and
    `UnclassifiedAttributesError` if the source has unclassified attributes.
    """
    check_source(source, target)
    end = side_of_open_slot(copy_side(source.name), connection, report)
    dynamodb = open_dynamodb(connection)
    key = read_key(source, None, environ, connection)
    tables = {name: dynamodb.table(physical) for name, physical in end.tables.items()}
    transport = dynamodb.transport()
    check_shapes([(name, TableAccess(transport, table)) for name, table in tables.items()])
    return Source(end=end, dynamodb=dynamodb, key=key)


def seed_feature(
    dynamodb: DynamoDb, record: FeatureRecord, source: Source | None, report: Callable[[str], None]
) -> int:
    """Write the initial data to the environment's tables, and return the number of items.

    Deterministic and idempotent; items with other keys are kept. Raises `NoSourceError`, `SeedIncompleteError`,
    and as `seed_data`, `prepare_copy` and `run_copy` do.
    """
    if record.seed == "none":
        return 0
    if record.seed == "anonymized":
        if source is None:
            raise NoSourceError(record.environment)
        report(f"seeding with {FRACTION:.0%} of the members of {source.end.name}, anonymized")
        return _copy(dynamodb, record, source)
    number = seed_number(record.repository, record.branch)
    report(f"seeding with {MEMBERS} synthetic members, seed {number}")
    tables = copy_side(record.environment).tables
    environment = parse_environment(record.environment)
    data = SyntheticData(number)
    seeded = seed_data(dynamodb, environment, tables, data, MEMBERS, progress=lambda _table, _items: None)
    if wrong := [table.name for table in seeded.tables if table.refused]:
        raise SeedIncompleteError(record.environment, wrong)
    return sum(table.items for table in seeded.tables)


def seed_number(repository: str, branch: str) -> int:
    """The generator seed of a branch's synthetic members: a hash of repository and branch."""
    digest = hashlib.sha256(f"{repository}\0{branch}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def _copy(dynamodb: DynamoDb, record: FeatureRecord, source: Source) -> int:
    """Restarted after an interruption: the subset is small, and pseudonyms depend only on the key."""
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
