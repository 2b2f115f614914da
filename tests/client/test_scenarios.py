"""One table of cases for the client and for its twin in TypeScript, which runs on the AWS SDK for JavaScript."""

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tee_infra.client import PointerUnreadableError, SlotTables, WritesHeldError, WriteUncertainError
from tee_infra.client import pointer_item as pointer_item_module
from tee_infra.core.cutover.pointer import Pointer, pointer_item
from tests.client.control import TABLE, Control, eventually, is_held, write
from tests.support.emulator import reset
from tests.support.homes import Moto, make_control_table
from tests.support.typescript import run_script, slot_tables

SCENARIOS = json.loads((Path(__file__).parent / "scenarios.json").read_text())
each = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["name"])
SLOTS = "prod", "prod-v2"


def prepare(endpoint: str) -> Control:
    """An account with a control table, and with one table in both slots."""
    reset(endpoint)
    account = Moto(endpoint=endpoint)
    make_control_table(account)
    control = Control(account)
    for slot in SLOTS:
        control.client.create_table(
            TableName=f"{slot}-{TABLE}",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        )
    control.asked.clear()
    return control


class Runner:
    """Plays the steps of a scenario. Each method is a step, as `step_` and its name."""

    def __init__(self, control: Control, environment: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.control = control
        self.monkeypatch = monkeypatch
        self.app = SlotTables(environment, client=control.client, clock=control.clock)
        self.block = ""

    def play(self, steps: list[list[Any]]) -> None:
        for step in steps:
            getattr(self, f"step_{step[0].replace(' ', '_')}")(*step[1:])

    def step_pointer(self, state: str, epoch: int, slot: str, drain_for: float = 30) -> None:
        self.control.set(state, epoch, slot, drain_for=drain_for)

    def step_item(self, changes: dict[str, Any]) -> None:
        plain = {name: int(wire["N"]) if "N" in wire else wire["S"] for name, wire in changes.items()}
        self.control.write(pointer_item(Pointer(epoch=2, state="PREPARING", slot="prod"), "prod") | plain)

    def step_no_pointer(self) -> None:
        self.control.client.delete_item(
            TableName="tee-control", Key={"pk": {"S": "pointer#prod"}, "sk": {"S": "pointer"}}
        )

    def step_no_table(self) -> None:
        self.control.client.delete_table(TableName="tee-control")
        self.control.asked.clear()

    def step_cut_off(self, is_cut_off: bool) -> None:
        self.control.cut_off = is_cut_off

    def step_advance(self, seconds: float) -> None:
        self.control.time += seconds

    def step_skew(self, seconds: float) -> None:
        self.monkeypatch.setattr(pointer_item_module, "time", SimpleNamespace(time=lambda: time.time() + seconds))

    def step_name(self, expected: str) -> None:
        assert self.app.name(TABLE) == expected

    def step_name_fails(self) -> None:
        with pytest.raises(PointerUnreadableError):
            self.app.name(TABLE)

    def step_write(self, expected: str) -> None:
        eventually(lambda: write(self.app, 5) == expected)

    def step_held(self) -> None:
        assert is_held(self.app)

    def step_soon_held(self) -> None:
        eventually(lambda: is_held(self.app))

    def step_block(self, steps: list[list[Any]], outcome: str) -> None:
        found = "acknowledged"
        try:
            with self.app.writing(TABLE, timeout=1) as self.block:
                self.play(steps)
        except WriteUncertainError:
            found = "uncertain"
        assert found == outcome

    def step_put(self, outcome: str) -> None:
        found = "sent"
        try:
            self.control.client.put_item(TableName=self.block, Item={"pk": {"S": "a"}})
        except WritesHeldError:
            found = "held"
            self.control.asked.remove("PutItem")  # an attempt that was not sent
        assert found == outcome

    def step_pointer_is(self, state: str, epoch: int, slot: str) -> None:
        found = self.control.pointer()
        assert (found.state, found.epoch, found.slot) == (state, epoch, slot)

    def step_asked(self, operation: str, times: int) -> None:
        assert self.control.asked.count(operation) == times

    def step_asked_at_least(self, operation: str, times: int) -> None:
        eventually(lambda: self.control.asked.count(operation) >= times)

    def step_close(self) -> None:
        self.app.close()


@each
def test_the_client(scenario: dict[str, Any], moto_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = Runner(prepare(moto_endpoint), scenario.get("environment", "prod"), monkeypatch)
    runner.play(scenario["steps"])
    runner.app.close()


def test_its_twin_in_typescript(moto_endpoint: str, tmp_path: Path) -> None:
    """All of them in one process of Node.js, which takes as long to start as to play them."""
    folder = slot_tables(tmp_path)
    prepare(moto_endpoint)
    scenarios = SCENARIOS + IN_TYPESCRIPT_ONLY
    problems = json.loads(run_script(folder, "scenarios.mjs", moto_endpoint, json.dumps(scenarios)))
    assert {name: problem for name, problem in problems.items() if problem} == {}
    assert len(problems) == len(scenarios)


IN_TYPESCRIPT_ONLY = [
    {
        "name": "a lease ends by the wall clock too, because the process's own stops while the machine sleeps",
        "own_clock": True,
        "steps": [
            ["pointer", "ACTIVE", 1, "prod"], ["write", "prod-tee-admin"], ["cut off", True], ["skew", 6], ["held"],
        ],
    },
    {
        "name": "a wall clock that is set back changes nothing",
        "own_clock": True,
        "steps": [
            ["pointer", "PREPARING", 1, "prod"], ["write", "prod-tee-admin"], ["skew", -3600],
            ["write", "prod-tee-admin"], ["cut off", True], ["soon held"],
        ],
    },
]  # fmt: skip
