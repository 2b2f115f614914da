"""An app that writes through `SlotTables` while its tables are migrated, switched and rolled back, on a real service.

Its processes are `live_writer`. Each thread has keys of its own and knows what was acknowledged; after every run the
open slot must have exactly that. A write whose answer was lost or uncertain may or may not have happened.
"""

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from botocore.exceptions import ClientError

from tee_infra.core.cutover.preflight import PreflightError
from tee_infra.core.cutover.slots import tables_of
from tee_infra.core.cutover.switching import Outcome, SwitchAbortedError
from tee_infra.workflows.cutover import switch
from tee_infra.workflows.cutover.context import CutoverContext
from tee_infra.workflows.cutover.earlier_switch import end_unfinished
from tee_infra.workflows.cutover.switch_runner import SwitchRunner
from tee_infra.workflows.cutover.tail import Tail, TailState
from tee_infra.workflows.cutover.takeover import taken_over
from tee_infra.workflows.cutover.transform import LoadedTransform
from tests.support import live_writer
from tests.support.emulator import create_tables
from tests.support.homes import Moto, client, make_control_table
from tests.support.live_writer import Settings

_AGAIN = 10
STEPS = 20
"""About as many as a switch has."""


class KilledError(BaseException):
    """The operator's process has ended."""


class Live:
    """Both slots at a service, and the processes of an app that writes.

    `settings` are those of each process.
    """

    def __init__(self, endpoint: str, seed: int, processes: int = 2, settings: Settings | None = None) -> None:
        connection = Moto(endpoint=endpoint)
        forget_tables(connection)
        make_control_table(connection)
        self.random = random.Random(seed)
        self.said: list[str] = []
        self.context = CutoverContext.connect("prod", connection, self.said.append)
        make_slots(self.context)
        given = [str(each) for each in settings or Settings()]
        self._apps = [["-m", live_writer.__name__, endpoint, f"{seed}/{app}", *given] for app in range(processes)]
        self.found: list[dict[str, Any]] = []

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The app writes during the block."""
        with ExitStack() as stack:
            apps = [
                stack.enter_context(
                    subprocess.Popen(
                        [sys.executable, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                    )
                )
                for arguments in self._apps
            ]
            for app in apps:
                assert app.stdout is not None
                assert app.stdout.readline() == "writing\n"
            yield
            self.found = [each for app in apps for each in json.loads(app.communicate(timeout=120)[0])]
        assert [each["failure"] for each in self.found if each["failure"]] == []

    @contextmanager
    def tail(self) -> Iterator[list[TailState]]:
        """`migrate tail prod` runs during the block."""
        with running_tail(self.context) as states:
            yield states

    def switch(self, source: str, target: str) -> Outcome:
        """Run the command again where a busy machine's replication lags: it was refused, or aborted."""
        for _ in range(_AGAIN):
            with suppress(PreflightError, SwitchAbortedError):
                return self._switch(source, target)
        return self._switch(source, target)

    def _switch(self, source: str, target: str) -> Outcome:
        """As the command does: end an unfinished switch first."""
        ended = end_unfinished(self.context, "switch")
        if ended is not None and ended.outcome.slot == target:
            return ended.outcome
        with switch.prepared_switch(self.context, source, target, "switch", loss_accepted=False) as prepared:
            return prepared.run()

    def killed_switch(self, source: str, target: str) -> None:
        """A switch whose operator ends at a random step, before or after its effect."""
        do, at, late, number = SwitchRunner.do, self.random.randrange(STEPS), self.random.random() < 0.5, 0

        def killed(runner: SwitchRunner, step: Any) -> Any:
            nonlocal number
            number += 1
            if number - 1 != at:
                return do(runner, step)
            if late:
                do(runner, step)
            raise KilledError

        SwitchRunner.do = killed
        try:
            with suppress(KilledError):
                self.switch(source, target)
        finally:
            SwitchRunner.do = do

    def check(self) -> int:
        """Every acknowledged write is in the open slot, nothing else is, and no two slots were ever open at once.

        The number of acknowledged writes.
        """
        slot = self.context.pointers.read()[0].slot  # pyright: ignore
        for found in self.found:
            for table, key, allowed in found["present"]:
                at = {"pk": {"S": key}, "sk": {"S": "x"}}
                answer = self.context.dynamodb.client.get_item(
                    TableName=tables_of(slot)[table], Key=at, ConsistentRead=True
                )
                value = int(answer["Item"]["value"]["N"]) if "Item" in answer else None
                assert value in allowed, f"{table} {key} has {value}, acknowledged was {allowed}"
        self._check_slots()
        return sum(found["acknowledged"] for found in self.found)

    def _check_slots(self) -> None:
        """By the clock of the machine, which all processes share."""
        answered: dict[str, float] = {}
        order: list[str] = []
        for sent, acknowledged, slot in sorted(write for found in self.found for write in found["slots"]):
            if not order or order[-1] != slot:
                assert all(sent > until for other, until in answered.items() if other != slot), "two slots were open"
                order.append(slot)
            answered[slot] = max(answered.get(slot, 0.0), acknowledged)


def forget_tables(connection: Moto) -> None:
    """Delete every table of a service."""
    dynamodb: Any = client(connection, "dynamodb")
    for name in dynamodb.list_tables()["TableNames"]:
        dynamodb.delete_table(TableName=name)


def make_slots(context: CutoverContext) -> None:
    """The tables of `prod` and of `prod-v2`, as a switch wants them; DynamoDB Local has no point-in-time recovery."""
    for slot in ("prod", "prod-v2"):
        create_tables(context.dynamodb, slot)
        switch_recovery_on(context, slot)


def switch_recovery_on(context: CutoverContext, slot: str) -> None:
    """Point-in-time recovery of a slot's tables."""
    for table in tables_of(slot).values():
        with suppress(ClientError):
            context.dynamodb.client.update_continuous_backups(
                TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
            )


def migrate(context: CutoverContext, transform: LoadedTransform | None = None) -> None:
    """As `migrate --from prod --to prod-v2 --until-caught-up` does."""
    with taken_over(context, "prod", "prod-v2", "migrate", transform) as replication:
        replication.start()
        while not replication.following:
            replication.require_running()
            time.sleep(0.02)
        assert all(found.clean for found in replication.verify().values())


@contextmanager
def running_tail(context: CutoverContext) -> Iterator[list[TailState]]:
    """`migrate tail` runs during the block."""
    states: list[TailState] = []
    end = threading.Event()

    def sleep(_: float) -> None:
        if end.wait(0.1):
            raise KeyboardInterrupt

    tail = Tail(context, states.append)
    thread = threading.Thread(target=lambda: tail.run(until_caught_up=False, sleep=sleep), daemon=True)
    thread.start()
    try:
        yield states
    finally:
        end.set()
        thread.join(60)
        assert not thread.is_alive()


def end_of(state: list[TailState], until: Any, seconds: float = 30) -> None:
    """Wait for a state of the tail."""
    due = time.monotonic() + seconds
    while not (state and until(state[-1])):
        assert time.monotonic() < due, state[-1:]
        time.sleep(0.02)


def life(live: Live, switches: int = 3) -> list[float]:
    """Migrate, switch, write on, roll back, switch again, with an operator killed before each. The windows."""
    windows: list[float] = []
    with live.writing():
        migrate(live.context)
        with live.tail() as states:
            for source, target in ((("prod", "prod-v2"), ("prod-v2", "prod")) * switches)[:switches]:
                end_of(states, lambda state, source=source: state.following and state.source == source)
                live.killed_switch(source, target)
                if live.context.pointers.read()[0].slot != target or not _ended(live):  # pyright: ignore
                    outcome = live.switch(source, target)
                    windows += [outcome.window_seconds] if outcome.window_seconds is not None else []
                time.sleep(live.random.uniform(0, 0.3))
    return windows


def _ended(live: Live) -> bool:
    stored = live.context.journals().read()
    return stored is not None and stored.journal.ended  # pyright: ignore
