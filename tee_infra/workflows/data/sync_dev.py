"""The members of a copy for development: a subset, anonymized."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Event

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.anonymizer import Anonymizer, decode, partition_key_of
from tee_infra.core.codec.pseudonyms import Pseudonyms
from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.codec.subset import Subset, check_size
from tee_infra.core.codec.transform import Transform
from tee_infra.core.data.copy_policy import CopySide
from tee_infra.core.tables.catalog import TABLES, Table
from tee_infra.errors import UsageError
from tee_infra.workflows.data.anonymize_report import catalog_table
from tee_infra.workflows.data.table_io import TableAccess, scan_pages


@dataclass(frozen=True, kw_only=True)
class SubsetOptions:
    """The copied members. `key` None: not anonymized. Neither `fraction` nor `members`: all members."""

    key: bytes | None
    fraction: float | None = None
    members: int | None = None

    def __post_init__(self) -> None:
        if self.fraction is not None and self.members is not None:
            raise UsageError("data sync-dev: --fraction and --members exclude each other", next="Give only one of them")
        check_size(self.fraction, self.members)

    def check_source(self, source: CopySide) -> None:
        """Raises `UsageError` if the members cannot be counted, because the source has no table of them."""
        members = TABLES[0].name
        if self.members is not None and members not in source.tables:
            raise UsageError(
                f"--members: counts the members in {members}, and --from is {source.name}",
                next="Use it with an environment",
            )


@dataclass(frozen=True, kw_only=True)
class Members:
    """The copied members: those in `subset`, all without one, anonymized if there is a `key`."""

    key: bytes | None
    subset: Subset | None

    @property
    def fingerprint(self) -> str:
        """A digest that changes with key and subset, and reveals neither."""
        threshold = self.subset.threshold if self.subset else None
        text = f"{threshold}".encode()
        return hashlib.blake2b(text, digest_size=8, key=self.key or b"", person=b"tee:fingerprint").hexdigest()

    def anonymizer(self, name: str) -> Anonymizer | None:
        """One that has counted nothing, for the catalog's table of this name. Raises `UsageError`."""
        return Anonymizer(catalog_table(name), Pseudonyms(self.key)) if self.key is not None else None

    def transform(self, name: str, anonymizer: Anonymizer | None) -> Transform | None:
        """The change of the table's items, with personal values replaced by `anonymizer`. Raises `UsageError`."""
        subset = self.subset
        if subset is None:
            return anonymizer
        table = catalog_table(name)

        def take(items: Sequence[RawItem]) -> Sequence[RawItem]:
            taken = [item for item in items if subset.takes(partition_key_of(table, decode(item)))]
            return anonymizer(taken) if anonymizer else taken

        return take


def choose_members(source: DynamoDb, end: CopySide, choice: SubsetOptions) -> Members:
    """The chosen members, counted in `source` if a number is given. Raises `UsageError`, `SubsetError`.

    And as `scan_pages` does.
    """
    return Members(key=choice.key, subset=_subset(source, end, choice))


def _subset(source: DynamoDb, end: CopySide, choice: SubsetOptions) -> Subset | None:
    key = choice.key or b""
    if choice.fraction is not None:
        return Subset.of_fraction(key, choice.fraction)
    if choice.members is None:
        return None
    choice.check_source(end)
    people = TABLES[0]
    return Subset.of_count(key, choice.members, _partition_keys(source, people, end.tables[people.name]))


def _partition_keys(source: DynamoDb, table: Table, physical: str) -> Iterator[str]:
    only_the_key = {
        "ProjectionExpression": "#key",
        "ExpressionAttributeNames": {"#key": table.partition_key.name},
    }
    with TableAccess(source.transport(), source.table(physical)).requests(Event(), Backoff()) as requests:
        for page in scan_pages(requests, physical, extra=only_the_key):
            yield from (partition_key_of(table, decode(item)) for item in page.items)
