"""Reset on moto: a plan first, never production, and a killed run is finished by a second one."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_table import ControlTable
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.data.reset import reset
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.data.copy_policy import ProductionTargetError
from tee_infra.errors import RefusedError, UsageError
from tee_infra.workflows.environments import reset as workflow
from tee_infra.workflows.environments.reset import ResetProductionError
from tee_infra.workflows.features.seed import MEMBERS, seed_number
from tests.support.commands import json_of
from tests.support.emulator import create_tables, everything, put
from tests.support.homes import Moto, make_control_table, record_of

Run = Callable[..., Result]
OTHERS = [b'{"pk":{"S":"MEMBER#%d"},"sk":{"S":"PROFILE"}}' % number for number in range(130)]
SMALL = ("--members", "3")


def fill(dynamodb: DynamoDb, environment: str, **extra: Any) -> None:
    for physical in create_tables(dynamodb, environment, **extra).values():
        put(dynamodb, physical, OTHERS)


def contents(dynamodb: DynamoDb, environment: str) -> dict[str, int]:
    names = ("tee-admin", "tee-schedules", "tee-sync-status")
    return {name: len(everything(dynamodb, f"{environment}-{name}")) for name in names}


def seeded(members: int, seed: int = 42) -> dict[str, int]:
    names = ("tee-admin", "tee-schedules", "tee-sync-status")
    return {name: len(list(SyntheticData(seed).items(name, range(members)))) for name in names}


def test_a_plan_then_the_seed_and_nothing_else(dynamodb: DynamoDb, run: Run) -> None:
    fill(dynamodb, "dev")
    planned = run(reset, "dev", *SMALL, "--dry-run").output
    assert "every item is deleted, then the tables are filled with 3 synthetic members, seed 42" in planned
    assert "The present items are lost: dev has no point-in-time recovery" in planned
    assert set(contents(dynamodb, "dev").values()) == {130}
    with pytest.raises(RefusedError, match="is not 'dev'"):
        run(reset, "dev", *SMALL, typed="yes\n")
    assert set(contents(dynamodb, "dev").values()) == {130}
    facts = json_of(run, reset, "dev", *SMALL, "--yes", "--json")
    assert {one["table"]: one["written"] for one in facts["tables"]} == seeded(3) == contents(dynamodb, "dev")
    assert [one["deleted"] for one in facts["tables"]] == [130] * 3
    assert facts["backups"] == []


def test_a_killed_run_is_finished_by_a_second_one(
    dynamodb: DynamoDb, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(dynamodb, "dev")
    emptied: list[str] = []

    def until_killed(side: Any, progress: Any) -> int:
        if emptied:
            raise KeyboardInterrupt
        emptied.append(side.table.name)
        return real(side, progress)

    real = workflow.empty_table
    with monkeypatch.context() as patch:
        patch.setattr(workflow, "empty_table", until_killed)
        result = run(reset, "dev", *SMALL, "--yes")
        assert result.exit_code == 1
    assert contents(dynamodb, "dev")["tee-admin"] == 0
    run(reset, "dev", *SMALL, "--yes")
    assert contents(dynamodb, "dev") == seeded(3)


def test_an_environment_with_recovery_is_backed_up_first(dynamodb: DynamoDb, run: Run) -> None:
    fill(dynamodb, "staging")
    facts = json_of(run, reset, "staging", *SMALL, "--yes", "--json")
    backups = dynamodb.client.list_backups(TableName="staging-tee-admin")["BackupSummaries"]
    assert facts["backed_up"]
    assert backups[0]["BackupArn"] in facts["backups"]
    assert len(facts["backups"]) == 3
    assert contents(dynamodb, "staging") == seeded(3)


def test_a_feature_environment_gets_its_own_seed(dynamodb: DynamoDb, run: Run, moto_endpoint: str) -> None:
    make_control_table(Moto(endpoint=moto_endpoint))
    record = record_of("feature-x")
    ControlTable(ControlItems.connect(Moto(endpoint=moto_endpoint))).write(record)
    fill(dynamodb, "feature-x")
    run(reset, "feature-x", "--yes")
    assert contents(dynamodb, "feature-x") == seeded(MEMBERS, seed_number(record.repository, record.branch))


def test_an_anonymized_subset(dynamodb: DynamoDb, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEE_ANONYMIZE_KEY", "k" * 40)
    for logical, physical in create_tables(dynamodb, "prod").items():
        put(dynamodb, physical, SyntheticData(1).items(logical, range(20)))
    fill(dynamodb, "dev")
    planned = run(reset, "dev", "--from", "prod", "--members", "4", "--dry-run").output
    assert "of the members of prod, anonymized" in planned
    run(reset, "dev", "--from", "prod", "--members", "4", "--yes")
    admin = everything(dynamodb, "dev-tee-admin")
    assert len(admin) == 4
    assert all(item["email"]["S"].endswith("@anonymised.example.com") for item in admin.values())


def test_a_source_that_cannot_be_copied_deletes_nothing(
    dynamodb: DynamoDb, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEE_ANONYMIZE_KEY", "k" * 40)
    create_tables(dynamodb, "prod")
    fill(dynamodb, "dev")
    put(dynamodb, "prod-tee-admin", [b'{"pk":{"S":"MEMBER#1"},"sk":{"S":"PROFILE"},"nickname":{"S":"Annie"}}'])
    with pytest.raises(RefusedError, match="nickname"):
        run(reset, "dev", "--from", "prod", "--yes")
    assert set(contents(dynamodb, "dev").values()) == {130}


@pytest.mark.parametrize("environment", ["prod", "prod-v2"])
def test_production_is_never_reset(run: Run, environment: str) -> None:
    with pytest.raises(ResetProductionError, match="Nothing was changed"):
        run(reset, environment, "--yes")


@pytest.mark.parametrize("more", [(), ("--from", "staging")])
def test_a_table_that_is_tagged_as_production_is_never_reset(
    dynamodb: DynamoDb, run: Run, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    monkeypatch.setenv("TEE_ANONYMIZE_KEY", "k" * 40)
    create_tables(dynamodb, "staging")
    fill(dynamodb, "dev", Tags=[{"Key": "tee:environment", "Value": "prod"}])
    with pytest.raises((ResetProductionError, ProductionTargetError), match="its tag"):
        run(reset, "dev", *more, "--yes")
    assert set(contents(dynamodb, "dev").values()) == {130}


def test_options_of_a_source_need_one(run: Run) -> None:
    with pytest.raises(UsageError, match="about --from"):
        run(reset, "dev", "--fraction", "0.1", "--yes")
    with pytest.raises(UsageError, match="exclude each other"):
        run(reset, "dev", "--from", "prod", "--fraction", "0.1", "--members", "4", "--yes")
