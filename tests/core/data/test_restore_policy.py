"""Which backups may go where, by the manifest's recorded identity."""

from datetime import UTC, datetime

import pytest

from tee_infra.core.data.backup import BackupFile, Manifest, RestoreRefusedError, TableBackup
from tee_infra.core.data.restore_policy import RestoreTarget, check_restore
from tee_infra.core.data.table_identity import TableIdentity
from tee_infra.core.environments import parse_environment
from tee_infra.core.tables.create_request import TableDefinition

ACCOUNT = "111111111111"
FILE = BackupFile(name="tee-admin/0000.json.gz", items=3, size=10, sha256="ab")


def arn(name: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:dynamodb:us-east-1:{account}:table/{name}"


def manifest(environment: str, **more: object) -> Manifest:
    source = f"{environment}-tee-admin"
    fields = {"source": source, "source_arn": arn(source), "tags": {}} | more
    definition = TableDefinition(request={}, tags=fields.pop("tags"))
    backup = TableBackup(name="tee-admin", items=3, digest="0", definition=definition, files=[FILE], **fields)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Manifest(environment=environment, started_at=now, finished_at=now, tables=[backup])


def check(of: Manifest, environment: str, physical: str = "", there: TableIdentity | None = None) -> None:
    physical = physical or f"{environment}-tee-admin"
    check_restore(
        of,
        RestoreTarget(
            environment=parse_environment(environment),
            account_id=ACCOUNT,
            tables={"tee-admin": physical},
            existing={physical: there} if there else {},
        ),
    )


@pytest.mark.parametrize(
    ("of", "environment", "physical"),
    [
        (manifest("prod"), "prod", ""),
        (manifest("prod"), "prod-v2", ""),
        (manifest("prod-v2"), "prod", ""),
        (manifest("prod"), "prod", "prod-tee-admin-restored"),
        (manifest("prod", source="tee-admin", source_arn=arn("tee-admin")), "prod", ""),
        (manifest("dev"), "dev", ""),
        (manifest("dev"), "staging", ""),
        (manifest("dev", source_arn=""), "dev", ""),
        (manifest("dev", source_arn=arn("dev-tee-admin", "999999999999")), "feature-x", ""),
    ],
)
def test_a_backup_goes_home_and_between_environments_without_production(
    of: Manifest, environment: str, physical: str
) -> None:
    check(of, environment, physical)


@pytest.mark.parametrize("environment", ["prod", "prod-v2"])
@pytest.mark.parametrize(
    ("of", "reason"),
    [
        (manifest("dev"), "a backup of dev"),
        (manifest("feature-x"), "a backup of feature-x"),
        (manifest("prod", source_arn=""), "of an earlier version"),
        (manifest("prod", source_arn=arn("prod-tee-admin", "000000000000")), "in the account 000000000000"),
        (manifest("prod", source_arn=arn("dev-tee-admin")), "prod has no such table"),
        (manifest("prod", source="dev-tee-admin", source_arn=arn("dev-tee-admin")), "prod has no such table"),
        (manifest("prod", source="prod-tee-admin-x", source_arn=arn("prod-tee-admin-x")), "prod has no such table"),
        (manifest("prod", source_arn="prod-tee-admin"), "prod has no such table"),
        (manifest("prod", source="prod-v2-tee-admin", source_arn=arn("prod-v2-tee-admin")), "prod has no such table"),
        (manifest("prod-v2", source="tee-admin", source_arn=arn("tee-admin")), "prod-v2 has no such table"),
        (manifest("prod", source="tee-admin", source_arn=arn("tee-admin", "000000000000")), "in the account 0000"),
        (manifest("prod", source="tee-admin", source_arn=arn("tee-admin-x")), "prod has no such table"),
        (manifest("nothing-known"), "a backup of nothing-known"),
    ],
)
def test_only_productions_own_backup_goes_into_production(of: Manifest, environment: str, reason: str) -> None:
    with pytest.raises(RestoreRefusedError, match=reason):
        check(of, environment)


@pytest.mark.parametrize(
    "of",
    [
        manifest("prod"),
        manifest("prod-v2", source_arn=""),
        manifest("dev", tags={"tee:environment": "prod"}),
        manifest("dev", tags={"Environment": "PRODUCTION"}),
        manifest("dev", source_arn=arn("prod-tee-admin")),
        manifest("dev", source="tee-admin", source_arn=""),
        manifest("unknown", source="scratch", source_arn=""),
    ],
)
@pytest.mark.parametrize("environment", ["dev", "staging", "feature-x"])
def test_a_backup_of_production_stays_in_production(of: Manifest, environment: str) -> None:
    with pytest.raises(RestoreRefusedError, match="personal data of production"):
        check(of, environment)


def test_a_target_counts_as_production_by_what_it_is() -> None:
    tagged = TableIdentity(name="dev-tee-admin", arn=arn("dev-tee-admin"), tags={"tee:environment": "prod"})
    for physical, there in (("dev-tee-admin", tagged), ("dev-tee-admin-prod", None)):
        with pytest.raises(RestoreRefusedError, match="only a backup of production's own table"):
            check(manifest("dev"), "dev", physical, there)


def test_the_account_of_an_existing_target_is_its_own() -> None:
    there = TableIdentity(name="prod-tee-admin", arn=arn("prod-tee-admin", "222222222222"))
    with pytest.raises(RestoreRefusedError, match="and the table is in 222222222222"):
        check(manifest("prod"), "prod", "", there)
