"""Two slots of production at a service, the app that writes to the first of them, and migrations that may be killed."""

import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.cutover.migration import migration_side
from tee_infra.core.cutover.progress_report import Report
from tee_infra.core.cutover.sentinels import PREFIX
from tee_infra.workflows.cutover.migrate import MigrationResult, run_migration
from tee_infra.workflows.cutover.plan import MigrationPlan, plan_migration
from tee_infra.workflows.cutover.replication import Replication
from tee_infra.workflows.cutover.table_replication import Tuning
from tee_infra.workflows.cutover.transform import LoadedTransform
from tests.support.emulator import create_tables, everything, put
from tests.support.homes import Moto, make_control_table

TABLES = ("tee-admin", "tee-schedules", "tee-sync-status")
FAST = Tuning(in_flight=0.2, poll=0.05, heartbeat=0.5)


class KilledError(BaseException):
    """The process has ended."""


class Slots:
    """`source` and `target` with their tables, and the control table."""

    def __init__(self, dynamodb: DynamoDb, source: str = "prod", target: str = "prod-v2") -> None:
        self.dynamodb, self.source, self.target = dynamodb, source, target
        for slot in (source, target):
            create_tables(dynamodb, slot)
        connection = Moto(endpoint=dynamodb.endpoint)
        make_control_table(connection)
        self.control = ControlItems.connect(connection)

    def fill(self, items: int, slot: str | None = None) -> None:
        """The same keys in each table."""
        made = [json.dumps({**key(f"M#{number}"), "n": {"N": "1"}}).encode() for number in range(items)]
        for table in TABLES:
            put(self.dynamodb, f"{slot or self.source}-{table}", made)

    def plan(self, transform: LoadedTransform | None = None) -> MigrationPlan:
        sides = migration_side(self.source), migration_side(self.target)
        return plan_migration(self.dynamodb, self.dynamodb, self.control, sides, transform)

    def migrate(
        self,
        *,
        report: Callable[[Report], None] = lambda _: None,
        until_caught_up: bool = True,
        transform: LoadedTransform | None = None,
    ) -> MigrationResult:
        plan = self.plan(transform)
        return run_migration(plan, self.control, until_caught_up=until_caught_up, report=report, tuning=FAST)

    def kill_when(self, now: Callable[[Report], bool]) -> None:
        """A migration whose process ends as soon as this holds: without a further step of any task."""
        running: list[Replication] = []
        start = Replication.start

        def started(replication: Replication, **options: Any) -> None:
            running.append(replication)
            start(replication, **options)

        def report(found: Report) -> None:
            if now(found):
                for table in running[-1]._tables:
                    table.loop.abandon()
                raise KilledError

        Replication.start = started
        try:
            with suppress(KilledError):
                self.migrate(report=report)
        finally:
            Replication.start = start

    @contextmanager
    def written(self, seed: int = 0) -> Iterator[None]:
        """The app puts, updates and deletes items of the source during the block, also in transactions."""
        end, failures = threading.Event(), list[BaseException]()

        def write() -> None:
            try:
                source = random.Random(seed)
                while not end.wait(source.uniform(0, 0.01)):
                    self._write(source)
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join(30)
        assert not failures

    def _write(self, source: random.Random) -> None:
        client, table = self.dynamodb.client, f"{self.source}-{source.choice(TABLES)}"
        at = key(source.choice((f"M#{source.randrange(30)}", f"W#{source.randrange(20)}")))
        value = {"n": {"N": str(source.randrange(10**6))}}
        match source.randrange(4):
            case 0:
                client.delete_item(TableName=table, Key=at)
            case 1:
                client.put_item(TableName=table, Item=at | value)
            case 2:
                client.update_item(
                    TableName=table, Key=at, UpdateExpression="SET n = :n", ExpressionAttributeValues={":n": value["n"]}
                )
            case _:
                there = {"TableName": table, "Item": at | value, "ConditionExpression": "attribute_exists(pk)"}
                with suppress(client.exceptions.TransactionCanceledException):
                    client.transact_write_items(TransactItems=[{"Put": there}])

    def differing(self, *, sentinels: bool = True) -> dict[str, set[str]]:
        """Table -> the keys whose items differ, of those that differ. A sentinel that was left behind is one."""
        found = {
            table: {name for name in self._differing(table) if sentinels or not name.startswith(PREFIX)}
            for table in TABLES
        }
        return {table: names for table, names in found.items() if names}

    def _differing(self, table: str) -> set[str]:
        source, target = (everything(self.dynamodb, f"{slot}-{table}") for slot in (self.source, self.target))
        return {name for name in source.keys() | target.keys() if source.get(name) != target.get(name)}


def key(name: str) -> dict[str, Any]:
    """An item's key."""
    return {"pk": {"S": name}, "sk": {"S": "x"}}
