"""Deleting the tables of a slot on moto: what keeps them, and a killed run is finished by the next."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tee_infra.core import names
from tee_infra.core.changes.engine_run import Change, EngineRun, Operation
from tee_infra.core.changes.slot_changes import TABLE, UnexpectedChangeError
from tee_infra.core.cutover.retirement import RetirementError, conditions
from tee_infra.core.cutover.slots import tables_of
from tee_infra.core.environments import parse_environment
from tee_infra.core.settings import settings_for
from tee_infra.core.tags import PREFIX
from tee_infra.core.target import AwsTarget
from tee_infra.errors import BusyError, RefusedError
from tee_infra.workflows.backup.portable import BackupExistsError, create_backup
from tee_infra.workflows.control.environment_lock import locked
from tee_infra.workflows.cutover import retire as module
from tee_infra.workflows.cutover.replication import lock_name
from tee_infra.workflows.cutover.retire import FinalBackupError, NotDeletedError, Retired, Retirement, retire
from tee_infra.workflows.cutover.retirement_facts import SlotInUse, measure_retirement
from tee_infra.workflows.session.file_store import FolderStore
from tee_infra.workflows.session.stack_session import StackSession
from tests.support.emulator import create_tables, reset
from tests.support.homes import MOTOS_ACCOUNT, Moto, make_control_table
from tests.support.retirement import consumed, replaced

COMMAND = "tee-infra archive prod"
WEEK = timedelta(days=7)
TABLES = tables_of("prod")
ITEM = {"pk": {"S": "MEMBER#1"}, "sk": {"S": "PROFILE"}}


class Killed(BaseException):
    """Ends a run where no code of it sees it."""


class FakeStack:
    """The engine, as far as it deletes tables. `extra` is planned beside that; `kill` raises after so many tables."""

    def __init__(self, account: "Account", *, release: bool) -> None:
        self.name, self.account, self.release = "prod", account, release

    def guard(self, check: Callable[[], None]) -> None:
        self.check = check

    def preview(self) -> EngineRun:
        present = self.account.present()
        if self.release:
            return run("update", present, "deletionProtectionEnabled")
        return EngineRun(changes=(*run("delete", present).changes, *self.account.extra))

    def up(self) -> EngineRun:
        self.check()
        plan = self.preview()
        for name in self.account.present():
            if not self.release and (kill := self.account.kill):
                self.account.kill = kill - 1
                if kill == 1:
                    raise Killed
            client = self.account.client
            if self.release:
                client.update_table(TableName=name, DeletionProtectionEnabled=False)
            elif not self.account.lies:
                client.delete_table(TableName=name)
        return plan


def run(operation: Operation, tables: list[str], *paths: str) -> EngineRun:
    differences = dict.fromkeys(paths, "update")
    changes = (Change(operation=operation, type=TABLE, name=n, urn=n, differences=differences) for n in tables)
    return EngineRun(changes=tuple(changes))


class Account:
    """A moto in which prod-v2 has replaced prod long ago."""

    def __init__(self, endpoint: str, folder: Path) -> None:
        reset(endpoint)
        self.connection = Moto(endpoint=endpoint)
        make_control_table(self.connection)
        self.folder, self.extra, self.kill, self.lies, self.said = folder, (), 0, False, []
        self.subject = SlotInUse.connect("prod", self.connection, self.said.append, command=COMMAND)
        self.context, self.client = self.subject.context, self.subject.context.dynamodb.client
        tags = [{"Key": f"{PREFIX}stack", "Value": f"{names.PROJECT}/prod"}]
        create_tables(self.context.dynamodb, "prod", Tags=tags)
        replaced(self.context.items, "prod", "prod-v2")
        self.cloudwatch = self.connection.session().client("cloudwatch", endpoint_url=endpoint)
        consumed(self.cloudwatch, "prod")

    def present(self) -> list[str]:
        return list(self.subject.tables())

    def unmet(self, output: str | None = "somewhere") -> set[str]:
        return {each.name for each in conditions(measure_retirement(self.subject, WEEK, output)) if not each.holds}

    def retire(self, place: str | None = "final") -> Retired:
        retirement = Retirement(
            subject=self.subject,
            idle_for=WEEK,
            source=self.context.dynamodb,
            backup_of="prod",
            open_place=lambda found: FolderStore(self.folder / found),
            stacks=lambda: nullcontext(self._open),
        )
        return retire(retirement, place, lambda *_: None)

    def _open(self, release: bool) -> StackSession:  # as `Retirement.stacks` has it
        environment = parse_environment("prod")
        stack: Any = FakeStack(self, release=release)
        return StackSession(
            environment=environment,
            settings=settings_for(environment, {"name": "prod", "owner": "platform"}),
            target=AwsTarget(account_id=MOTOS_ACCOUNT, region="us-east-1", environment="prod"),
            connection=self.connection,
            stack=stack,
            report=self.said.append,
        )


@pytest.fixture
def account(moto_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setattr(StackSession, "may_be_left_open", lambda _: False)
    return Account(moto_endpoint, tmp_path)


def test_tables_that_nobody_uses_are_backed_up_and_deleted(account: Account) -> None:
    done = account.retire()
    assert account.present() == []
    assert (done.run.counts(), done.backup.location) == ({"delete": 3}, "final")
    assert (account.folder / "final" / "manifest.json").exists()
    (entry, *_) = account.context.history.history("prod")
    assert entry.action == "archive prod"
    assert account.retire(None).run.counts() == {}


SPOILED: dict[str, Callable[[Account], object]] = {
    "managed": lambda account: account.client.untag_resource(
        ResourceArn=account.client.describe_table(TableName="prod-tee-admin")["Table"]["TableArn"],
        TagKeys=[f"{PREFIX}stack"],
    ),
    "pointer": lambda account: account.context.items.put(
        {"pk": "pointer#prod", "sk": "pointer", "epoch": 4, "state": "ACTIVE", "slot": "prod"}, {"epoch": 3}
    ),
    "reads": lambda account: consumed(account.cloudwatch, "prod", days_ago=2, metrics=("ConsumedReadCapacityUnits",)),
    "writes": lambda account: consumed(account.cloudwatch, "prod", days_ago=2, metrics=("ConsumedWriteCapacityUnits",)),
    "stream": lambda account: account.client.put_item(TableName="prod-tee-admin", Item=ITEM),
    "replication": lambda account: account.context.tail.say("ann on laptop", frozenset({"prod", "prod-v2"}), ""),
}


@pytest.mark.parametrize("name", SPOILED)
def test_each_measured_condition_keeps_the_tables(account: Account, name: str) -> None:
    SPOILED[name](account)
    assert name in account.unmet()


def test_a_refused_run_makes_no_backup(account: Account) -> None:
    SPOILED["writes"](account)
    with pytest.raises(RetirementError):
        account.retire()
    assert len(account.present()) == 3
    assert not (account.folder / "final").exists()


def test_a_stream_that_is_off_and_a_report_that_cannot_be_read_keep_the_tables(account: Account) -> None:
    account.client.update_table(TableName="prod-tee-admin", StreamSpecification={"StreamEnabled": False})
    account.context.items.put({"pk": names.REPORTS, "sk": "prod#prod-v2", "what": "else"}, None)
    assert account.unmet() == {"stream", "replication"}


def test_without_metrics_nothing_is_known(account: Account, moto_endpoint: str) -> None:
    other = SlotInUse.connect("legacy", account.connection, account.said.append, command="tee-infra legacy cleanup")
    create_tables(account.context.dynamodb, "legacy")
    found = {each.name: each for each in conditions(measure_retirement(other, WEEK, "x")) if not each.holds}
    assert {"managed", "reads", "writes"} <= found.keys()
    assert "unknown" in found["writes"].problem


def _kill_backup(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any, **__: Any) -> Any:
        raise Killed

    monkeypatch.setattr(module, "create_backup", killed)


KILLED: dict[str, Callable[[Account, pytest.MonkeyPatch], object]] = {
    "before the backup": _kill_backup,
    "after the backup": lambda _, monkeypatch: monkeypatch.setattr(module, "verify_backup", _killed),
    "after the release": lambda account, _: setattr(account, "kill", 1),
    "after a table": lambda account, _: setattr(account, "kill", 2),
}


def _killed(*_: Any) -> Any:
    raise Killed


@pytest.mark.parametrize("at", KILLED)
def test_a_run_that_was_killed_is_finished_by_the_next(account: Account, at: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        KILLED[at](account, patched)
        with pytest.raises(Killed):
            account.retire()
    assert account.present()
    consumed(account.cloudwatch, "prod", days_ago=0, metrics=("ConsumedReadCapacityUnits",))  # by the backup itself
    assert account.retire().run.counts()["delete"] == len(TABLES) - (at == "after a table")
    assert account.present() == []


def test_a_write_during_the_backup_keeps_the_tables(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    create = module.create_backup

    def slow(*arguments: Any, **options: Any) -> Any:
        made = create(*arguments, **options)
        account.client.put_item(TableName="prod-tee-admin", Item=ITEM)
        return made

    monkeypatch.setattr(module, "create_backup", slow)
    with pytest.raises(RetirementError, match="stream"):
        account.retire()
    assert len(account.present()) == 3


def test_a_damaged_backup_and_one_of_other_tables_keep_the_tables(account: Account) -> None:
    account.kill = 1
    with pytest.raises(Killed):
        account.retire()
    segment = next((account.folder / "final").glob("tee-admin/*.json.gz"))
    kept = segment.read_bytes()
    segment.write_bytes(kept[:-1])
    with pytest.raises(FinalBackupError):
        account.retire()
    assert len(account.present()) == 3
    segment.write_bytes(kept)
    account.client.delete_table(TableName="prod-tee-admin")
    create_tables_again(account)
    assert "managed" in account.unmet()
    assert "final backup" in account.unmet(None)


def create_tables_again(account: Account) -> None:
    for name in account.present():
        account.client.delete_table(TableName=name)
    create_tables(account.context.dynamodb, "prod")


def test_a_plan_that_deletes_more_is_not_carried_out(account: Account) -> None:
    account.extra = (Change(operation="delete", type="aws:kms/key:Key", name="x", urn="x"),)
    with pytest.raises(UnexpectedChangeError):
        account.retire()
    assert len(account.present()) == 3


def test_tables_that_aws_still_has_are_not_called_deleted(account: Account) -> None:
    account.lies = True
    with pytest.raises(NotDeletedError):
        account.retire()


@pytest.mark.parametrize("name", [lock_name("prod"), "prod"])
def test_a_lock_of_another_run_is_respected(account: Account, name: str) -> None:
    with locked(account.context.locks, name, account.context.actor, "another run"), pytest.raises(BusyError):
        account.retire()
    assert len(account.present()) == 3


def test_an_older_backup_is_not_the_final_one_of_a_second_try_either(account: Account) -> None:
    create_backup(account.context.dynamodb, FolderStore(account.folder / "final"), "prod", TABLES, lambda *_: None)
    for _ in range(2):
        with pytest.raises(BackupExistsError):
            account.retire()
    assert len(account.present()) == 3


def test_without_a_place_nothing_is_deleted(account: Account) -> None:
    with pytest.raises(RefusedError):
        account.retire(None)
    assert len(account.present()) == 3
