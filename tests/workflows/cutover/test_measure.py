"""The facts of a switch as they are measured on moto, one condition after the other made to fail."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tee_infra.core.cutover.pointer import Pointer, preparing
from tee_infra.core.cutover.preflight import conditions
from tee_infra.core.cutover.slots import tables_of
from tee_infra.core.cutover.switch_steps import Journal
from tee_infra.workflows.cutover.context import CutoverContext
from tee_infra.workflows.cutover.measure import ReplicationFacts, control_latency, measure
from tests.support.emulator import create_tables, reset
from tests.support.homes import Moto, make_control_table

SLOTS = frozenset({"prod", "prod-v2"})


class Account:
    """A moto with both slots, everything ready for a switch."""

    def __init__(self, endpoint: str) -> None:
        reset(endpoint)
        connection = Moto(endpoint=endpoint)
        make_control_table(connection)
        self.context = CutoverContext.connect("prod", connection, lambda _: None)
        self.items, self.dynamodb, self.tail = self.context.items, self.context.dynamodb, self.context.tail
        for slot in SLOTS:
            create_tables(self.dynamodb, slot)
        self.recovery(on=True)
        self.tail.say("ann on laptop", SLOTS, "")

    def recovery(self, *, on: bool) -> None:
        for table in tables_of("prod-v2").values():
            self.dynamodb.client.update_continuous_backups(
                TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": on}
            )

    def shadow_reads(self, minutes_ago: int, counts: dict[str, int]) -> None:
        window = int((self.context.pointers.read()[1] - timedelta(minutes=minutes_ago)).timestamp()) // 600
        item = {"pk": "pointer#prod", "sk": f"shadow#prod-v2#{window % 144:03d}", "window": window, "counts": counts}
        assert self.items.put(item, None)

    def unmet(self, **changes: Any) -> set[str]:
        now = self.context.pointers.read()[1]
        tables = tables_of("prod")
        facts: dict[str, Any] = {
            "lag_seconds": dict.fromkeys(tables, 0.1),
            "verified_at": dict.fromkeys(tables, now - timedelta(hours=1)),
            "quarantined": dict.fromkeys(tables, 0),
            "has_inverse": True,
        }
        replication = ReplicationFacts(**(facts | changes))
        found = measure(self.context, "prod", "prod-v2", replication, loss_accepted=False)
        return {condition.name for condition in conditions(found) if not condition.holds}


@pytest.fixture
def account(moto_endpoint: str) -> Account:
    return Account(moto_endpoint)


def test_a_switch_may_begin_when_all_is_ready(account: Account) -> None:
    assert account.unmet() == set()
    assert 0 < control_latency(account.context.pointers) < 5


def test_what_the_replication_does_not_say_is_not_satisfied(account: Account) -> None:
    assert account.unmet(lag_seconds={}) == {"lag"}
    assert account.unmet(verified_at={}, quarantined={"tee-admin": 1}) == {"verified", "quarantine"}
    assert account.unmet(has_inverse=False) == {"inverse"}


SPOILED: dict[str, Callable[[Account], object]] = {
    "pointer": lambda account: account.context.pointers.write(first(), preparing(first())),
    "no other switch": lambda account: account.context.journals().write(
        Journal(environment="prod", source="prod", target="prod-v2", epoch=0, version=1)
    ),
    "reverse": lambda account: account.tail.say("ann on laptop", SLOTS, "no access to prod-tee-admin"),
    "point-in-time recovery": lambda account: account.recovery(on=False),
    "shadow reads": lambda account: account.shadow_reads(2, {"reads#tee-admin": 1000, "differ#tee-admin": 1}),
    "same tables": lambda account: account.dynamodb.client.update_time_to_live(
        TableName="prod-v2-tee-admin", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    ),
}


def first() -> Pointer:
    return Pointer(epoch=0, state="ACTIVE", slot="prod")


@pytest.mark.parametrize("name", SPOILED)
def test_each_condition_is_measured(account: Account, name: str) -> None:
    SPOILED[name](account)
    assert account.unmet() == {name}


def test_a_tail_of_other_slots_is_no_reverse(account: Account) -> None:
    account.tail.say("ann on laptop", frozenset({"prod", "prod-v3"}), "")
    assert account.unmet() == {"reverse"}


def test_a_table_that_does_not_exist_leaves_its_conditions_unknown(account: Account) -> None:
    account.dynamodb.client.delete_table(TableName="prod-v2-tee-admin")
    assert account.unmet() == {"point-in-time recovery", "warm throughput", "stream readers", "same tables"}


def test_shadow_reads_count_from_the_last_comparison_on(account: Account) -> None:
    account.shadow_reads(120, {"reads#tee-admin": 1000, "differ#tee-admin": 1})
    assert account.unmet() == set()
    verified = dict.fromkeys(tables_of("prod"), account.context.pointers.read()[1] - timedelta(hours=3))
    assert account.unmet(verified_at=verified) == {"shadow reads"}


def test_a_journal_that_cannot_be_read_is_another_switch(account: Account) -> None:
    account.items.put({"pk": "switch#prod", "sk": "journal", "version": 1, "step": "later"}, None)
    assert account.unmet() == {"no other switch"}
