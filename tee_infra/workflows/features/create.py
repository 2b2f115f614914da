"""Make a feature environment, or bring the one that is there to what it should be: the same command for both.

Every step leaves something behind that the next run finds, whatever ends this one: the record before the stack, the
stack before its resources, `seeded` and `active` only once they are true.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tee_infra.core.changes.engine_run import Plan
from tee_infra.core.lifecycle.record import Record
from tee_infra.core.lifecycle.transitions import Wish, deployed
from tee_infra.workflows.control.environment_lock import locked
from tee_infra.workflows.control.history import audited
from tee_infra.workflows.control.records import change_record
from tee_infra.workflows.features.admission import decide, read_state
from tee_infra.workflows.features.context import Home
from tee_infra.workflows.features.seed import NoSourceError, Source, seed_feature
from tee_infra.workflows.features.usage import stored
from tee_infra.workflows.session import apply, embedded_aws
from tee_infra.workflows.session.apply import Check, Confirm
from tee_infra.workflows.session.data_connection import open_dynamodb
from tee_infra.workflows.session.engine_locks import break_stale_locks
from tee_infra.workflows.session.stack_session import catch_up


@dataclass(frozen=True, kw_only=True)
class Created:
    """A feature environment as it is now, and what the engine changed for that."""

    record: Record
    plan: Plan


def create_feature(home: Home, wish: Wish, now: datetime, source: Source | None, confirm: Confirm) -> Created:
    """Make the environment that `wish` names, or make it whole again; `confirm` sees what an existing one would lose.

    Raises `LockedError`, what `decide` raises, `NoSourceError`, what `confirm` raises, and what the engine, AWS and
    `seed_feature` raise.
    """
    environment = wish.environment
    with (
        locked(home.locks, environment, home.actor, "tee-infra feature create") as held,
        audited(home.control, home.actor, environment, "create") as details,
    ):
        record = decide(home, wish, now)
        if record.seed == "anonymised" and not record.seeded and source is None:
            raise NoSourceError(environment)
        record = home.control.write(record)
        plan = _bring_up(home, record, confirm, held.check)
        details.append(plan.report())
        if not record.seeded:
            held.check()
            items = seed_feature(open_dynamodb(home.connection), record, source, home.report)
            details.append(f"{items} items of {record.seed} data")
        held.check()
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
        return Created(record=record, plan=apply.preview(opened.stack))


def _bring_up(home: Home, record: Record, confirm: Confirm, check: Check) -> Plan:
    name = record.environment
    for holder in break_stale_locks(home.state, name, alone=home.target.embedded):
        home.report(f"removed the lock of a run that has ended ({holder})")
    with home.open(record) as opened:
        if read_state(home, name) is None:
            opened.stack.create()
            return opened.stack.up()  # nothing is there that could be lost: no preview
        tables = stored(open_dynamodb(home.connection), [name])[name]
        if home.started or record.state == "creating" or tables.missing:
            catch_up(opened.stack, home.report)
        return apply.up(opened, confirm, check)


def _nowhere(home: Home, folder: Path) -> Home:
    """The same home with a state that is thrown away: the engine previews only what has a stack."""
    variables = {**home.backend_variables, "PULUMI_BACKEND_URL": folder.as_uri()}
    passphrase = {"PULUMI_CONFIG_PASSPHRASE": embedded_aws.PASSPHRASE}
    return replace(home, backend_variables=variables | passphrase, secrets_provider=None)
