"""Which backup may be restored where: production's people stay in production, and only its own come back to it."""

from collections.abc import Mapping
from dataclasses import dataclass

from tee_infra.core import names
from tee_infra.core.data.backup import Manifest, RestoreRefusedError, TableBackup
from tee_infra.core.data.table_identity import TableIdentity, names_production, parse_arn, production_reason
from tee_infra.core.environments import Environment, UnknownEnvironmentError, parse_environment


@dataclass(frozen=True, kw_only=True)
class RestoreTarget:
    """Where tables are restored to: `tables` are logical -> physical names, `existing` those that exist by that name.

    `account_id`: the account that new tables are created in.
    """

    environment: Environment
    account_id: str
    tables: Mapping[str, str]
    existing: Mapping[str, TableIdentity]


def check_restore(manifest: Manifest, target: RestoreTarget) -> None:
    """Check what the backup was made of against what it would be restored to. Raises `RestoreRefusedError`.

    A backup of production, or of what may be production, is restored into production only. What is or may be
    production takes only a backup of production's own tables in the same account, by the manifest's ARNs.
    """
    held = {table.name: table for table in manifest.tables}
    for name, physical in target.tables.items():
        if name not in held:
            continue
        into = _target_reason(target, physical)
        if into is None:
            _keep_inside(manifest, held[name], target.environment.name)
        elif problem := _not_its_own(manifest, held[name], _account(target, physical)):
            raise RestoreRefusedError(
                f"{physical}: {into}, and only a backup of production's own table is restored there: {problem}. "
                "Nothing was restored",
                next="tee-infra backup list prod --input DIR shows production's backups",
            )


def _target_reason(target: RestoreTarget, physical: str) -> str | None:
    if target.environment.kind.production:
        return f"{target.environment.name} is production"
    there = target.existing.get(physical)
    return production_reason(there) if there else names_production(physical)


def _keep_inside(manifest: Manifest, backup: TableBackup, environment: str) -> None:
    source = _environment(manifest)
    reason = f"it is a backup of {manifest.environment}" if source is None or source.kind.production else None
    if reason := reason or production_reason(_identity(backup)):
        raise RestoreRefusedError(
            f"{backup.name}: a backup of {backup.source} contains personal data of production and {environment} is not "
            f"production: {reason}. Nothing was restored",
            next=f"Copy anonymized data instead: tee-infra data sync-dev --from {manifest.environment} --to "
            f"{environment} --anonymize",
        )


def _not_its_own(manifest: Manifest, backup: TableBackup, account: str) -> str | None:
    """Why a backup is not known to be of production's own table, or of a legacy table, which production's were."""
    source = _environment(manifest)
    if source is None or not source.kind.production:
        return f"it is a backup of {manifest.environment}"
    if not backup.source_arn:
        return "its manifest, of an earlier version, does not say which account and table it was made of"
    arn = parse_arn(backup.source_arn)
    own = [names.table(slot, backup.name) for slot in (source.name, *([names.LEGACY] if source.slot is None else []))]
    if arn is None or arn.name != backup.source or backup.source not in own:
        return f"it was made of {backup.source_arn or backup.source}, and {source.name} has no such table"
    if arn.account != account:
        return f"it was made in the account {arn.account}, and the table is in {account or 'no known account'}"
    return None


def _account(target: RestoreTarget, physical: str) -> str:
    there = target.existing.get(physical)
    arn = parse_arn(there.arn) if there else None
    return arn.account if arn else target.account_id


def _identity(backup: TableBackup) -> TableIdentity:
    return TableIdentity(name=backup.source, arn=backup.source_arn, id=backup.source_id, tags=backup.definition.tags)


def _environment(manifest: Manifest) -> Environment | None:
    try:
        return parse_environment(manifest.environment)
    except UnknownEnvironmentError:
        return None
