"""Make a feature environment, or bring the one that is there to what it should be: the same command for both.

Every step leaves something behind that the next run finds, whatever ends this one: the record before the stack, the
stack before its resources, `seeded` and `active` only once they are true.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tee_infra.core.plan import Plan
from tee_infra.core.registry import Record
from tee_infra.core.stack_state import is_stack_of
from tee_infra.core.state_files import read_checkpoint
from tee_infra.core.tags import Unreadable
from tee_infra.core.transitions import Wish, check_quota, deployed, wished
from tee_infra.errors import RefusedError
from tee_infra.stacks import Stack
from tee_infra.workflows import change_environment, embedded
from tee_infra.workflows.audited import audited
from tee_infra.workflows.change_environment import Check, Confirm
from tee_infra.workflows.data_connection import open_dynamodb
from tee_infra.workflows.feature_records import change_record, find_record
from tee_infra.workflows.feature_seed import NoSourceError, Source, seed_feature
from tee_infra.workflows.feature_tables import stored
from tee_infra.workflows.home import Home
from tee_infra.workflows.locking import locked
from tee_infra.workflows.project import NAME
from tee_infra.workflows.stack_locks import break_stale_locks


class ForeignStackError(RefusedError):
    """There is a stack of this name, no record, and nothing in its state that says it were this branch's."""

    def __init__(self, environment: str, branch: str) -> None:
        self.environment = environment
        super().__init__(
            f"there is a stack {environment} that the registry does not know, and its tags do not say that it belongs "
            f"to branch {branch!r}; nothing was changed. See what it is: tee-infra repair {environment}"
        )


@dataclass(frozen=True, kw_only=True)
class Created:
    """A feature environment as it is now, and what the engine changed for that."""

    record: Record
    plan: Plan


def create_feature(home: Home, wish: Wish, now: datetime, source: Source | None, confirm: Confirm) -> Created:
    """Make the environment that `wish` names, or make it whole again; `confirm` sees what an existing one would lose.

    Raises `LockedError`, what `wished` and `check_quota` raise, `ForeignStackError`, `NoSourceError`,
    `ForeignClockError`, what `confirm` raises, and what the engine, AWS and `seed_feature` raise.
    """
    environment = wish.environment
    with (
        locked(home.locks, environment, home.actor, "tee-infra feature create") as held,
        audited(home, environment, "create", now) as details,
    ):
        record = decide(home, wish, now)
        if record.seed == "anonymised" and not record.seeded and source is None:
            raise NoSourceError(environment)
        record = home.control.write(record)
        plan = _bring_up(home, record, confirm, held.check)
        details.append(plan.report())
        held.check()
        if not record.seeded:
            items = seed_feature(open_dynamodb(home.connection), record, source, home.report)
            details.append(f"{items} items of {record.seed} data")
        seeded = record.seeded or record.seed != "none"
        record = change_record(
            home.control, environment, lambda latest: deployed(latest, record.expires_at).changed(seeded=seeded)
        )
    return Created(record=record, plan=plan)


def preview_feature(home: Home, wish: Wish, now: datetime) -> Created:
    """What `create_feature` would do, and the record that it would begin with. Writes nothing, not even a stack.

    Raises what `create_feature` raises before it asks.
    """
    record = decide(home, wish, now)
    if home.checkpoint(record.environment) is not None:
        with home.open(record) as opened:
            return Created(record=record, plan=opened.stack.preview())
    with TemporaryDirectory(prefix="tee-infra-") as folder, _nowhere(home, Path(folder)).open(record) as opened:
        return Created(record=record, plan=change_environment.preview(opened.stack))


def decide(home: Home, wish: Wish, now: datetime) -> Record:
    """The record to begin with, unless a rule forbids it. Raises what `wished` and `check_quota` raise,
    `UnreadableRecordError`, `ForeignStackError`."""
    found = find_record(home.control, wish.environment)
    record = wished(found, wish, now)
    check_quota(home.control.listing().records, wish.environment, home.host.max_feature_environments, now)
    if found is None and _is_deployed(home, wish):
        home.report(f"the registry has lost {wish.environment}, and its stack is this branch's: adopted, data and all")
        return record.changed(seeded=True)
    return record


def _is_deployed(home: Home, wish: Wish) -> bool:
    """Whether there is something of a stack that the registry does not know. Raises `ForeignStackError`."""
    data = home.checkpoint(wish.environment)
    if data is None:
        return False
    checkpoint = read_checkpoint(data)
    if not isinstance(checkpoint, Unreadable) and not checkpoint.resources and not checkpoint.pending:
        return False
    if not is_stack_of(data, wish.environment, wish.branch, NAME):
        raise ForeignStackError(wish.environment, wish.branch)
    return True


def _bring_up(home: Home, record: Record, confirm: Confirm, check: Check) -> Plan:
    for holder in break_stale_locks(home.state, record.environment, alone=home.target.embedded):
        home.report(f"removed the lock of a run that has ended ({holder})")
    with home.open(record) as opened:
        if home.checkpoint(record.environment) is None:
            opened.stack.create()
            return opened.stack.up()  # nothing is there that could be lost: no preview
        if home.started or record.state == "creating" or _has_lost_tables(home, record):
            _catch_up(home, opened.stack)
        return change_environment.up(opened, confirm, check)


def _has_lost_tables(home: Home, record: Record) -> bool:
    found = stored(open_dynamodb(home.connection), [record.environment])
    return bool(found[record.environment].missing)


def _catch_up(home: Home, stack: Stack) -> None:
    """Let the state forget what went with an embedded AWS that was killed, with half a destroy, or by hand.

    The engine compares with its state alone, and would find nothing to do.
    """
    if lost := stack.refresh().changes:
        home.report(f"{len(lost)} resources of {stack.name} are not what its state says: they are made again")


def _nowhere(home: Home, folder: Path) -> Home:
    """The same home with a state that is thrown away: the engine previews only what has a stack."""
    variables = {**home.backend_variables, "PULUMI_BACKEND_URL": folder.as_uri()}
    passphrase = {"PULUMI_CONFIG_PASSPHRASE": embedded.PASSPHRASE}
    return replace(home, backend_variables=variables | passphrase, secrets_provider=None)
