"""Two environments on moto, compared by settings, schemas and items."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.environments.diff import diff
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.errors import UsageError
from tests.support.commands import document
from tests.support.emulator import create_tables, put

Run = Callable[..., Result]
ANN = b'{"pk":{"S":"MEMBER#ann"},"sk":{"S":"PROFILE"},"more":{"M":{"secret":{"S":"%b"}}}}'


def differences(*arguments: str, code: int) -> dict[str, Any]:
    done = CliRunner().invoke(diff, [*arguments, "--json"])
    assert bool(done.exit_code) == bool(code), done.output
    return document(done.stdout, (), diff)


def twins(dynamodb: DynamoDb, folder: Path, *environments: str) -> None:
    """The same items and, beside what tells them apart, the same settings."""
    for name in environments:
        (folder / f"Pulumi.{name}.yaml").write_text(
            f"config: {{tee-infra:environment: {{name: {name}, owner: ann, catalog_version: 1, monthly_budget_usd: 9, "
            "max_read_units: 9, max_write_units: 9, log_retention_days: 7, point_in_time_recovery_days: 7, "
            "audit: 'off', deletion_protection: false, protect: false, customer_managed_key: false, alarms: false}}"
        )
        for logical, physical in create_tables(dynamodb, name).items():
            put(dynamodb, physical, SyntheticData(1).items(logical, range(3)))


def test_equal_environments(dynamodb: DynamoDb, run: Run, tmp_path: Path) -> None:
    twins(dynamodb, tmp_path, "staging", "dev")
    result = differences("staging", "dev", "--data", code=0)["result"]
    assert (result["equal"], result["settings"]) == (True, {})
    assert [(entry["schema_differences"], entry["items"]["different"]) for entry in result["tables"]] == [([], 0)] * 3
    assert "settings: equal" in run(diff, "staging", "dev").stdout


def test_every_kind_of_difference(dynamodb: DynamoDb, tmp_path: Path) -> None:
    twins(dynamodb, tmp_path, "staging", "dev")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {tee-infra:environment: {name: dev, owner: bob}}")
    dynamodb.client.delete_table(TableName="dev-tee-sync-status")
    dynamodb.client.update_table(
        TableName="dev-tee-schedules", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-date"}}]
    )
    put(dynamodb, "staging-tee-admin", [ANN % b"x"])
    put(dynamodb, "dev-tee-admin", [ANN % b"y", b'{"pk":{"S":"MEMBER#bob"},"sk":{"S":"PROFILE"}}'])
    printed = differences("staging", "dev", "--data", code=5)
    assert printed["error"]["code"] == "partial"
    result = printed["result"]
    assert result["settings"]["owner"] == {"first": "ann", "second": "bob"}
    admin, schedules, sync = result["tables"]
    assert schedules["schema_differences"] == ["index by-date: only in staging"]
    assert sync["schema_differences"] == ["no table dev-tee-sync-status"]
    assert sync["items"] is None
    items = admin["items"]
    assert (items["first_only"], items["second_only"], items["different"], items["masked"]) == (0, 1, 1, False)
    assert [(one["kind"], one["key"]["pk"]["S"], one["paths"]) for one in items["keys"]] == [
        ("different", "MEMBER#ann", ["more.M.secret.S"]),
        ("second only", "MEMBER#bob", []),
    ]


def test_keys_of_production_are_masked(dynamodb: DynamoDb, run: Run) -> None:
    create_tables(dynamodb, "prod")
    create_tables(dynamodb, "dev")
    put(dynamodb, "prod-tee-admin", [ANN % b"x"])
    put(dynamodb, "dev-tee-admin", [ANN % b"y"])
    (one,) = differences("prod", "dev", "--data", code=5)["result"]["tables"][0]["items"]["keys"]
    assert one == {"kind": "different", "key": {"pk": {"S": "MEMBER#***"}, "sk": {"S": "PROFILE"}}, "paths": ["more"]}
    text = CliRunner().invoke(diff, ["prod", "dev", "--data"]).output
    assert "different" in text
    assert "MEMBER#***" in text
    assert "ann" not in text
    assert "secret" not in text
    assert "MEMBER#ann" in CliRunner().invoke(diff, ["prod", "dev", "--data", "--show-personal"]).output


def test_one_environment_is_not_compared_with_itself(run: Run) -> None:
    with pytest.raises(UsageError, match="dev is named twice"):
        run(diff, "dev", "development")
