"""Create or update a feature environment: the same steps for both.

An interrupted run can be resumed: the record is written before the stack, the stack before its resources, and `seeded`
and `active` only after they are true.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tee_infra.aws.dynamodb import open_dynamodb
from tee_infra.core.changes.engine_run import EngineRun
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.lifecycle.transitions import CreateRequest, deployed
from tee_infra.workflows.control.environment_lock import locked
from tee_infra.workflows.control.history import recorded
from tee_infra.workflows.control.records import change_record
from tee_infra.workflows.features.admission import admit, read_state
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.seed import NoSourceError, Source, seed_feature
from tee_infra.workflows.features.usage import table_usage
from tee_infra.workflows.session import apply, embedded_aws
from tee_infra.workflows.session.apply import Check, Confirm
from tee_infra.workflows.session.engine_locks import break_stale_locks
from tee_infra.workflows.session.stack_session import catch_up


@dataclass(frozen=True, kw_only=True)
class Created:
    """The record of a created or updated environment, and the changes of the engine."""

    record: FeatureRecord
    run: EngineRun


def create_feature(
    context: FeatureContext, request: CreateRequest, now: datetime, source: Source | None, confirm: Confirm
) -> Created:
    """Create or update the environment that `request` names; `confirm` gets the plan of an existing one.

    Raises `LockedError` and `NoSourceError`, and as `admit`, `confirm`, the engine, AWS and `seed_feature` do.
    """
    environment = request.environment
    with (
        locked(context.locks, environment, context.actor, "tee-infra feature create") as held,
        recorded(context.control, context.actor, environment, "create") as details,
    ):
        record = admit(context, request, now)
        if record.seed == "anonymized" and not record.seeded and source is None:
            raise NoSourceError(environment)
        record = context.control.write(record)
        run = _bring_up(context, record, confirm, held.check)
        details.append(run.report())
        if not record.seeded:
            held.check()
            items = seed_feature(open_dynamodb(context.connection), record, source, context.report)
            details.append(f"{items} items of {record.seed} data")
        held.check()
        seeded = record.seeded or record.seed != "none"
        record = change_record(
            context.control, environment, lambda latest: deployed(latest, record.expires_at).with_changes(seeded=seeded)
        )
    return Created(record=record, run=run)


def preview_feature(context: FeatureContext, request: CreateRequest, now: datetime) -> Created:
    """The plan of `create_feature` and its first record. Writes nothing, not even a stack.

    Raises as `create_feature` does before the confirmation.
    """
    record = admit(context, request, now)
    if context.checkpoint(record.environment) is not None:
        with context.open(record) as opened:
            return Created(record=record, run=opened.stack.preview())
    with TemporaryDirectory(prefix="tee-infra-") as folder, _nowhere(context, Path(folder)).open(record) as opened:
        opened.stack.create()
        return Created(record=record, run=opened.stack.preview())


def _bring_up(context: FeatureContext, record: FeatureRecord, confirm: Confirm, check: Check) -> EngineRun:
    name = record.environment
    for holder in break_stale_locks(context.state, name, alone=context.target.embedded):
        context.report(f"removed the stale stack lock of {holder}")
    with context.open(record) as opened:
        opened.stack.guard(check)
        if read_state(context, name) is None:
            opened.stack.create()
            return opened.stack.up()  # a new stack has no resources to lose: no preview
        tables = table_usage(open_dynamodb(context.connection), [name])[name]
        if context.started or record.state == "creating" or tables.missing:
            catch_up(opened.stack, context.report)
        return apply.up(opened, confirm, check)


def _nowhere(context: FeatureContext, folder: Path) -> FeatureContext:
    """The same home with a temporary state: the engine can only preview a stack that exists."""
    variables = {**context.backend_variables, "PULUMI_BACKEND_URL": folder.as_uri()}
    passphrase = {"PULUMI_CONFIG_PASSPHRASE": embedded_aws.PASSPHRASE}
    return replace(context, backend_variables=variables | passphrase, secrets_provider=None)
