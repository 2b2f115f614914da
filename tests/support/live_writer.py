"""A process of an app that writes through `SlotTables` until its standard input ends, with two threads.

Puts, updates, deletes, conditional writes and transactions of a few keys of its own; half of them are slow. Writes as
JSON what each item may be, how many writes were acknowledged, and which slot was written when.
"""

import json
import random
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from botocore.config import Config
from botocore.exceptions import ClientError

from tee_infra.client import SlotTables, WritesHeldError, WriteUncertainError, watch
from tee_infra.client.lease import CALM_RENEWAL, LEASES, Leases
from tests.support.emulator import session

TABLES = ("tee-admin", "tee-schedules")
KEYS = 6
"""Of a thread in each table: few, so that most of them change often."""
THREADS = 2
_TIMEOUT = 30.0


class Settings(NamedTuple):
    """Seconds. `pause`: about so long is between two writes of a thread; the others are the client's own."""

    pause: float = 0.01
    long_lease: float = LEASES.long
    short_lease: float = LEASES.short
    renewal: float = CALM_RENEWAL


@dataclass
class Writer:
    """One thread. `present`: table and key -> the values that an item may have, None for no item; more than one after a
    write without an acknowledgement. `slots`: when a write to which slot was sent and acknowledged."""

    tables: SlotTables
    client: Any
    name: str
    random: random.Random
    pause: float
    present: dict[tuple[str, str], set[int | None]] = field(default_factory=dict)
    acknowledged: int = 0
    slots: list[tuple[float, float, str]] = field(default_factory=list)
    failure: BaseException | None = None

    def run(self, end: threading.Event) -> None:
        try:
            while not end.is_set():
                self.write()
                end.wait(self.random.uniform(0.5, 2) * self.pause)
        except BaseException as error:
            self.failure = error

    def write(self) -> None:
        """One write: of both tables in a transaction, of one otherwise. A deletion has no value."""
        both = self.random.random() < 0.2
        written = TABLES if both else (self.random.choice(TABLES),)
        key = f"{self.name}-{self.random.randrange(KEYS)}"
        value = None if self.random.random() < 0.3 else self.acknowledged
        known = {table: self.present.setdefault((table, key), {None}) for table in written}
        try:
            with ExitStack() as stack:
                names = [stack.enter_context(self.tables.writing(table, timeout=_TIMEOUT)) for table in written]
                sent = time.monotonic()
                if self.random.random() < 0.5:
                    time.sleep(self.random.uniform(0, 0.15))  # the app works between the name and its request
                self._send(names, key, value, [known[table] for table in written])
        except WritesHeldError:
            return
        except WriteUncertainError:
            for values in known.values():
                values.add(value)
            return
        for table in written:
            self.present[table, key] = {value}
        self.acknowledged += 1
        slot = names[0].removesuffix(f"-{written[0]}")
        self.slots.append((sent, time.monotonic(), slot))

    def _send(self, names: list[str], key: str, value: int | None, known: list[set[int | None]]) -> None:
        if len(names) > 1:
            self._transact(names, key, value)
        elif self.random.random() < 0.3 and len(known[0]) == 1:
            self._send_if_unchanged(names[0], key, value, next(iter(known[0])))
        elif value is None:
            self.client.delete_item(TableName=names[0], Key=_at(key))
        elif value % 2:
            self.client.put_item(TableName=names[0], Item=_item(key, value))
        else:
            self.client.update_item(
                TableName=names[0],
                Key=_at(key),
                UpdateExpression="SET #value = :value",
                ExpressionAttributeNames={"#value": "value"},
                ExpressionAttributeValues={":value": {"N": str(value)}},
            )

    def _transact(self, names: list[str], key: str, value: int | None) -> None:
        if value is None:
            writes = [{"Delete": {"TableName": name, "Key": _at(key)}} for name in names]
        else:
            writes = [{"Put": {"TableName": name, "Item": _item(key, value)}} for name in names]
        self.client.transact_write_items(TransactItems=writes)

    def _send_if_unchanged(self, name: str, key: str, value: int | None, before: int | None) -> None:
        """The slot has what was acknowledged last, or a write was lost."""
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if before is not None:
            condition = {
                "ConditionExpression": "#value = :before",
                "ExpressionAttributeNames": {"#value": "value"},
                "ExpressionAttributeValues": {":before": {"N": str(before)}},
            }
        try:
            if value is None:
                self.client.delete_item(TableName=name, Key=_at(key), **condition)
            else:
                self.client.put_item(TableName=name, Item=_item(key, value), **condition)
        except ClientError as error:
            if not error.response["ResponseMetadata"]["RetryAttempts"]:  # or its first attempt has met the condition
                raise AssertionError(f"{name} {key} was not {before}") from error

    def found(self) -> dict[str, Any]:
        """For `Live.check`."""
        return {
            "present": [[*place, sorted(values, key=str)] for place, values in self.present.items()],
            "acknowledged": self.acknowledged,
            "slots": self.slots,
            "failure": None if self.failure is None else f"{type(self.failure).__name__}: {self.failure}",
        }


def _at(key: str) -> dict[str, Any]:
    return {"pk": {"S": key}, "sk": {"S": "x"}}


def _item(key: str, value: int) -> dict[str, Any]:
    return _at(key) | {"value": {"N": str(value)}}


def main(endpoint: str, seed: str, settings: Settings) -> None:
    """Write until the standard input ends."""
    watch.LEASES = Leases(long=settings.long_lease, short=settings.short_lease)
    watch.CALM_RENEWAL = settings.renewal
    config = Config(retries={"mode": "standard", "total_max_attempts": 3}, max_pool_connections=8)
    client: Any = session().client("dynamodb", endpoint_url=endpoint, config=config)
    app = SlotTables("prod", client=client)
    names = [f"{seed.replace('/', '-')}-{thread}" for thread in range(THREADS)]
    writers = [Writer(app, client, name, random.Random(name), settings.pause) for name in names]
    end = threading.Event()
    threads = [threading.Thread(target=writer.run, args=(end,), daemon=True) for writer in writers]
    for thread in threads:
        thread.start()
    sys.stdout.write("writing\n")
    sys.stdout.flush()
    sys.stdin.read()
    end.set()
    for thread in threads:
        thread.join(60)
    app.close()
    sys.stdout.write(json.dumps([writer.found() for writer in writers]))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Settings(*map(float, sys.argv[3:])))
