"""`tee-infra backup restore`."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import click
from pydantic import RootModel

from tee_infra.aws.dynamodb import DynamoDb, open_dynamodb
from tee_infra.cli.data.counting import Counting
from tee_infra.cli.data.options import PLACE, chosen_tables, tables_option, where_options
from tee_infra.cli.data.refusals import RefusedItemFacts, refused_facts
from tee_infra.cli.options import Moment, dry_run_option, environment_argument, examples, json_option
from tee_infra.cli.output import Output, prints, table
from tee_infra.cli.results import ResultModel, TableNames
from tee_infra.core.codec.refusals import listed
from tee_infra.core.environments import Environment
from tee_infra.core.resources.access.tables import production_policy
from tee_infra.core.target import EMBEDDED_ACCOUNT_ID
from tee_infra.errors import UsageError
from tee_infra.workflows.backup import restore as portable
from tee_infra.workflows.backup.native import NativeRestore, plan_native, restore_native
from tee_infra.workflows.backup.portable import open_backup
from tee_infra.workflows.session.data_session import open_data_session
from tee_infra.workflows.session.file_store import FileStore, open_folder, open_store
from tee_infra.workflows.session.open_slot import open_slot, tables_in


class PlannedRestore(TableNames):
    """A table that would be restored into the one called `physical_name`, new or empty."""

    items: int
    creates: bool


class RestoredTableFacts(TableNames):
    """A table that was restored into the one called `physical_name`, `created` for it.

    `validated`: it holds what the backup holds.
    `reapplied`: what a new table got back, beside its items. `refused`: items that the table does not take.
    """

    created: bool
    items: int
    validated: bool
    reapplied: list[str]
    refused: list[RefusedItemFacts]


class PortableRestoreFacts(ResultModel):
    """What was restored from a portable backup, or with --dry-run would be."""

    location: str
    environment: str
    tables: Sequence[RestoredTableFacts | PlannedRestore]


class NativeRestoreFacts(TableNames):
    """A table that AWS restored from its `source` into the one called `physical_name`, or would: then without
    `reapplied`, which is what it got back beside its items."""

    source: str
    reapplied: list[str] | None = None


class NativeRestoresFacts(ResultModel):
    """What was restored from native backups, or with --dry-run would be."""

    environment: str
    tables: list[NativeRestoreFacts]


class BackupRestoreResult(RootModel[PortableRestoreFacts | NativeRestoresFacts]):
    """The tables that were restored, or would be."""


@prints(BackupRestoreResult)
@click.command(
    epilog=examples(
        "tee-infra backup restore dev --input backups/dev --dry-run",
        "tee-infra backup restore prod --input s3://backups/tee --suffix=-old",
        "tee-infra backup restore prod --at 2026-12-01T12:00:00Z --suffix=-old",
    )
)
@environment_argument
@click.option("--input", "location", metavar="DIR", help=f"Restore a portable backup: {PLACE}.")
@click.option("--backup", "arn", metavar="ARN", help="Restore the native backup of one table.")
@click.option(
    "--at",
    "moment",
    type=Moment(),
    metavar="TIMESTAMP",
    help="Restore to this point in time, e.g. 2026-12-01T12:00:00Z.",
)
@click.option(
    "--suffix",
    default="",
    metavar="SUFFIX",
    help="Restore into new tables named TABLE followed by SUFFIX. Default: none.",
)
@tables_option
@where_options
@dry_run_option
@json_option
def restore(
    *,
    environment: Environment,
    location: str | None,
    arn: str | None,
    moment: datetime | None,
    suffix: str,
    tables: tuple[str, ...],
    local: bool,
    endpoint_url: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Restore tables into new or empty tables.

    Never overwrites an item, and therefore does not ask for confirmation. A portable backup is verified before the
    restore and compared with the tables after it; production takes only its own. New tables get the settings of the
    backed up tables: indexes, TTL, point-in-time recovery, tags, streams and deletion protection.
    """
    if sum(choice is not None for choice in (location, arn, moment)) != 1:
        raise UsageError("backup restore: needs exactly one of --input DIR, --backup ARN and --at TIMESTAMP")
    output, sources = Output(as_json), chosen_tables(environment, tables)
    folder = open_folder(location) if location is not None else None
    manifest = open_backup(folder) if folder else None  # an unreadable backup is refused before AWS is contacted
    session = open_data_session(environment, environment.name, output, local=local, endpoint_url=endpoint_url)
    dynamodb = open_dynamodb(session.connection)
    policy = production_policy(environment, session.target.account_id, session.target.region)
    if location is not None:
        targets = {name: f"{physical}{suffix}" for name, physical in sources.items()}
        store = folder or open_store(location, session.connection)
        account_id = session.target.account_id or EMBEDDED_ACCOUNT_ID
        plan = portable.prepare_restore(
            dynamodb, manifest or open_backup(store), environment.name, targets, account_id=account_id
        )
        _restore_portable(output, dynamodb, store, environment.name, plan, policy=policy, dry_run=dry_run)
    else:
        now_open = tables_in(open_slot(environment, session.connection, output.say), sources)
        if arn is None or any(f":table/{physical}/" in arn for physical in now_open.values()):
            sources = now_open
        steps = plan_native(dynamodb, sources, suffix, backup=arn, moment=moment)
        _restore_native(output, dynamodb, environment.name, sources, steps, policy=policy, dry_run=dry_run)


def _restore_portable(
    output: Output,
    dynamodb: DynamoDb,
    store: FileStore,
    environment: str,
    plan: portable.RestorePlan,
    *,
    policy: portable.TablePolicy | None,
    dry_run: bool,
) -> None:
    for step in plan.steps:
        into = "a new table" if step.definition else "the empty table"
        output.say(f"  {step.backup.items:,} items of {step.backup.source} into {into} {step.target}")
    if dry_run:
        planned = [
            PlannedRestore(
                table=step.backup.name,
                physical_name=step.target,
                items=step.backup.items,
                creates=bool(step.definition),
            )
            for step in plan.steps
        ]
        output.result(PortableRestoreFacts(location=store.location, environment=environment, tables=planned), [])
        return
    failure: portable.NotRestoredError | None = None
    with Counting() as counting:
        try:
            restored = portable.restore_backup(dynamodb, store, plan, counting, policy)
        except portable.NotRestoredError as error:
            failure, restored = error, error.tables
    rows = [
        (entry.target, f"{entry.items:,}", "yes" if entry.validated else "NO", ", ".join(entry.reapplied) or "-")
        for entry in restored
    ]
    tables = [
        RestoredTableFacts(
            table=entry.name,
            physical_name=entry.target,
            created=entry.created,
            items=entry.items,
            validated=entry.validated,
            reapplied=entry.reapplied,
            refused=refused_facts(entry.refused),
        )
        for entry in restored
    ]
    lines = table(("TABLE", "ITEMS", "VALIDATED", "REAPPLIED SETTINGS"), rows)
    output.result(
        PortableRestoreFacts(location=store.location, environment=environment, tables=tables),
        lines + [line for entry in restored for line in listed(entry.refused)],
    )
    if failure is not None:
        raise failure


def _restore_native(
    output: Output,
    dynamodb: DynamoDb,
    environment: str,
    tables: Mapping[str, str],
    steps: list[NativeRestore],
    *,
    policy: portable.TablePolicy | None,
    dry_run: bool,
) -> None:
    for step in steps:
        output.say(f"  {step.source} into the new table {step.target}")
    reapplied = (
        {}
        if dry_run
        else {entry.target: entry.reapplied for entry in restore_native(dynamodb, steps, output.say, policy)}
    )
    logical = {physical: name for name, physical in tables.items()}
    restored = [
        NativeRestoreFacts(
            table=logical[step.source],
            physical_name=step.target,
            source=step.source,
            reapplied=reapplied.get(step.target),
        )
        for step in steps
    ]
    output.result(NativeRestoresFacts(environment=environment, tables=restored), [])
