"""`tee-infra backup create | list | verify`; `restore` is in `tee_infra.cli.backup.restore`."""

from collections.abc import Mapping
from datetime import UTC, datetime

import click
from pydantic import RootModel

from tee_infra.aws.dynamodb import open_dynamodb
from tee_infra.aws.native_backups import NativeBackup
from tee_infra.cli.backup.restore import restore
from tee_infra.cli.data.counting import Counting
from tee_infra.cli.data.options import PLACE, chosen_tables, read_units_option, tables_option, where_options
from tee_infra.cli.old_names import renamed_argument
from tee_infra.cli.options import EnvironmentName, environment_argument, examples, json_option
from tee_infra.cli.output import Output, prints, table
from tee_infra.cli.results import ResultModel, TableNames, Time
from tee_infra.core.cutover.slots import environment_of
from tee_infra.core.data.backup import Manifest
from tee_infra.core.environments import Environment
from tee_infra.core.names import LEGACY
from tee_infra.core.times import render_time
from tee_infra.errors import PartialError, UsageError
from tee_infra.workflows.backup.native import create_native, list_native
from tee_infra.workflows.backup.portable import FoundBackup, create_backup, find_backups, verify_backup
from tee_infra.workflows.session.data_session import open_data_session
from tee_infra.workflows.session.ends import as_own_role
from tee_infra.workflows.session.file_store import FileStore, open_folder, open_store
from tee_infra.workflows.session.open_slot import open_slot, tables_in


class NativeBackupFacts(TableNames):
    """A backup of one table that DynamoDB keeps."""

    arn: str
    name: str
    status: str
    size_bytes: int
    created_at: Time


class BackedUpTable(TableNames):
    """A table in a portable backup, with the digest of its items."""

    items: int
    digest: str
    files: int
    size_bytes: int


class PortableBackupFacts(ResultModel):
    """A finished portable backup of an environment's tables."""

    location: str
    environment: str
    started_at: Time
    finished_at: Time
    items: int
    tables: list[BackedUpTable]


class NativeBackupsFacts(ResultModel):
    """The native backups that were made, one of each table."""

    environment: str
    native: list[NativeBackupFacts]


class BackupCreateResult(RootModel[PortableBackupFacts | NativeBackupsFacts]):
    """The backup that was made."""


class FoundBackupFacts(ResultModel):
    """A place with a portable backup, or with the `problem` why there is none; the rest is null then."""

    location: str
    problem: str | None
    environment: str | None = None
    started_at: Time | None = None
    finished_at: Time | None = None
    items: int | None = None
    tables: list[BackedUpTable] | None = None


class BackupListResult(ResultModel):
    """The backups of an environment: with AWS, and in the places that were named."""

    native: list[NativeBackupFacts]
    portable: list[FoundBackupFacts]


class BackupVerifyResult(PortableBackupFacts):
    """A backup, and what is wrong with it."""

    problems: list[str]
    verified: bool


@click.group()
def backup() -> None:
    """Back up and restore an environment's tables.

    A portable backup is a directory or an S3 prefix in DynamoDB's import format. Any account can restore it, but
    production only its own. A native backup stays in AWS, consumes no read units, and restores only into new tables.
    """


@prints(BackupCreateResult)
@backup.command(
    epilog=examples(
        "tee-infra backup create prod --output s3://backups/tee/2026-12-01",
        "tee-infra backup create dev --output backups/dev --tables tee-schedules",
        "tee-infra backup create prod --native",
    )
)
@environment_argument
@click.option("--output", "location", metavar="DIR", help=f"Create a portable backup in {PLACE}.")
@click.option("--native", is_flag=True, help="Create an on-demand backup of each table in DynamoDB.")
@tables_option
@read_units_option
@where_options
@json_option
def create(
    *,
    environment: Environment,
    location: str | None,
    native: bool,
    tables: tuple[str, ...],
    read_units: float | None,
    local: bool,
    endpoint_url: str | None,
    as_json: bool,
) -> None:
    """Create a backup: portable (--output) or native (--native).

    An interrupted portable backup cannot be restored; run the same command again to restart it. A complete backup is
    never overwritten. For prod, the tables are those of its open slot. In an AWS account they are read as the
    environment's own migrator, and a bucket is written with your own rights.
    """
    if (location is not None) == native:
        raise UsageError("backup create: needs exactly one of --output DIR and --native")
    output, wanted = Output(as_json), chosen_tables(environment, tables)
    folder = open_folder(location, writing=True) if location is not None else None
    session = open_data_session(environment, environment.name, output, local=local, endpoint_url=endpoint_url)
    connection = as_own_role(session, output).connection
    slot, dynamodb = open_slot(environment, connection, output.say), open_dynamodb(connection)
    wanted, owner = tables_in(slot, wanted), environment.name if slot == LEGACY else slot
    if location is None:
        made = create_native(dynamodb, owner, wanted, datetime.now(UTC))
        result = NativeBackupsFacts(environment=owner, native=_native_facts(wanted, made))
        output.result(result, _native_lines(made))
        return
    with Counting() as counting:
        store = folder or open_store(location, session.connection)
        manifest = create_backup(dynamodb, store, owner, wanted, counting, read_units=read_units)
    output.result(_facts(location, manifest), _lines(location, manifest))


@prints(BackupListResult)
@backup.command("list")
@environment_argument
@click.option(
    "--input",
    "locations",
    multiple=True,
    metavar="DIR",
    help=f"Also list portable backups in {PLACE}, one level deep; repeatable.",
)
@tables_option
@where_options
@json_option
def list_command(
    *,
    environment: Environment,
    locations: tuple[str, ...],
    tables: tuple[str, ...],
    local: bool,
    endpoint_url: str | None,
    as_json: bool,
) -> None:
    """List an environment's native and portable backups.

    Incomplete and damaged portable backups are listed with their problem. For prod, native backups
    of its open slot are listed too.
    """
    output, wanted = Output(as_json), chosen_tables(environment, tables)
    folders = {location: open_folder(location) for location in locations}
    session = open_data_session(environment, environment.name, output, local=local, endpoint_url=endpoint_url)
    dynamodb = open_dynamodb(session.connection)
    now_open = tables_in(open_slot(environment, session.connection, lambda _: None), wanted)
    slots = [wanted, now_open] if now_open != wanted else [wanted]
    native = [(one, list_native(dynamodb, one)) for one in slots]
    facts = [fact for tables_of_one, made in native for fact in _native_facts(tables_of_one, made)]
    stores = [folders[location] or open_store(location, session.connection) for location in locations]
    found = [entry for store in stores for entry in find_backups(store)]
    mine = [entry for entry in found if entry.manifest is None or _is_of(entry.manifest, environment)]
    portable = [_found_facts(entry) for entry in mine]
    lines = _native_lines([made for _, of_one in native for made in of_one])
    if locations:
        lines += ["", *table(("LOCATION", "FINISHED", "ITEMS"), [_found_row(entry) for entry in mine])]
    output.result(BackupListResult(native=facts, portable=portable), lines)


@prints(BackupVerifyResult)
@backup.command()
@renamed_argument(
    "environment",
    old="--env",
    type=EnvironmentName(),
    metavar="[ENV]",
    required=False,
    help="Environment that the backup must be of. Default: any.",
)
@click.option("--input", "location", required=True, metavar="DIR", help=f"The portable backup: {PLACE}.")
@where_options
@json_option
def verify(
    *, environment: Environment | None, location: str, local: bool, endpoint_url: str | None, as_json: bool
) -> None:
    """Verify a portable backup; exits 5 if it is damaged.

    Reads every file and compares its checksum, its items and its counts with the manifest.
    """
    output = Output(as_json)
    store = _store(location, environment, output, local=local, endpoint_url=endpoint_url)
    with Counting() as counting:
        manifest, problems = verify_backup(store, counting)
    if environment is not None and not _is_of(manifest, environment):
        problems.append(f"it is a backup of {manifest.environment}, not of {environment.name}")
    output.result(
        BackupVerifyResult(**vars(_facts(location, manifest)), problems=problems, verified=not problems),
        _lines(location, manifest) + (problems or ["verified: every file, item and count matches the manifest"]),
    )
    if problems:
        raise PartialError(f"{location}: the backup is damaged: {'; '.join(problems[:5])}")


def _is_of(manifest: Manifest, environment: Environment) -> bool:
    """A backup of prod may be of any slot of it."""
    if manifest.environment == environment.name:
        return True
    try:
        return environment_of(manifest.environment) == environment.name
    except UsageError:
        return False


def _store(
    location: str, environment: Environment | None, output: Output, *, local: bool, endpoint_url: str | None
) -> FileStore:
    """The place of a backup. A folder needs no AWS."""
    if (folder := open_folder(location)) is not None:
        return folder
    session = open_data_session(environment, location, output, local=local, endpoint_url=endpoint_url, service="s3")
    return open_store(location, session.connection)


def _facts(location: str, manifest: Manifest) -> PortableBackupFacts:
    return PortableBackupFacts(
        location=location,
        environment=manifest.environment,
        started_at=manifest.started_at,
        finished_at=manifest.finished_at,
        items=manifest.items,
        tables=[
            BackedUpTable(
                table=entry.name,
                physical_name=entry.source,
                items=entry.items,
                digest=entry.digest,
                files=len(entry.files),
                size_bytes=sum(file.size for file in entry.files),
            )
            for entry in manifest.tables
        ],
    )


def _lines(location: str, manifest: Manifest) -> list[str]:
    rows = [
        (entry.physical_name, f"{entry.items:,}", f"{entry.size_bytes:,}", entry.digest)
        for entry in _facts(location, manifest).tables
    ]
    return [
        f"{location}: {manifest.environment}, finished {render_time(manifest.finished_at)}",
        *table(("TABLE", "ITEMS", "BYTES", "DIGEST"), rows),
    ]


def _found_facts(entry: FoundBackup) -> FoundBackupFacts:
    if entry.manifest is None:
        return FoundBackupFacts(location=entry.location, problem=entry.problem)
    return FoundBackupFacts(**vars(_facts(entry.location, entry.manifest)), problem=None)


def _found_row(entry: FoundBackup) -> tuple[str, str, str]:
    if entry.manifest is None:
        return entry.location, entry.problem or "", ""
    return entry.location, render_time(entry.manifest.finished_at), f"{entry.manifest.items:,}"


def _native_facts(tables: Mapping[str, str], backups: list[NativeBackup]) -> list[NativeBackupFacts]:
    logical = {physical: name for name, physical in tables.items()}
    return [
        NativeBackupFacts(
            table=logical[entry.table],
            physical_name=entry.table,
            arn=entry.arn,
            name=entry.name,
            status=entry.status,
            size_bytes=entry.size,
            created_at=entry.created_at,
        )
        for entry in backups
    ]


def _native_lines(backups: list[NativeBackup]) -> list[str]:
    rows = [(entry.table, render_time(entry.created_at), entry.status, entry.arn) for entry in backups]
    return table(("TABLE", "CREATED", "STATUS", "ARN"), rows) if rows else ["no native backups"]


backup.add_command(restore)
