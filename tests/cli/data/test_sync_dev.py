import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.data.sync_dev import sync_dev
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.data.copy_policy import PlainCopyError, ProductionTargetError
from tee_infra.errors import RefusedError, UsageError
from tee_infra.workflows.data.anonymize_key import NoKeyError
from tests.support.commands import json_of
from tests.support.emulator import create_tables, everything, put

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def environments(dynamodb: DynamoDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEE_ANONYMIZE_KEY", "an example key that is long enough")
    for name, physical in create_tables(dynamodb, "prod").items():
        put(dynamodb, physical, SyntheticData(1).items(name, range(8)))
    create_tables(dynamodb, "dev")


def test_people_get_pseudonyms_and_the_report_says_which_rules_were_applied(dynamodb: DynamoDb, run: Run) -> None:
    facts = json_of(run, sync_dev, "--anonymize", "--entities", "5", "--yes", "--json")
    admin = facts["tee-admin"]
    assert (admin["table"], admin["read"], admin["written"], admin["validated"]) == ("tee-admin", 8, 5, True)
    assert {rule["attribute"]: rule["count"] for rule in admin["rules"]}["email"] == 5
    copied, source = everything(dynamodb, "dev-tee-admin"), json.dumps(everything(dynamodb, "prod-tee-admin"))
    assert len(copied) == 5
    assert not any(item["email"]["S"] in source for item in copied.values())


def test_a_dry_run_and_a_wrong_name_write_nothing(dynamodb: DynamoDb, run: Run) -> None:
    shown = json_of(run, sync_dev, "--anonymize", "--dry-run", "--json")
    assert shown["tee-schedules"]["target"]["name"] == "dev-tee-schedules"
    with pytest.raises(RefusedError, match="Nothing was changed"):
        run(sync_dev, "--anonymize", typed="staging\n")
    with pytest.raises(UsageError, match="--json: cannot ask"):
        run(sync_dev, "--anonymize", "--json")
    assert everything(dynamodb, "dev-tee-admin") == {}
    run(sync_dev, "--anonymize", "--tables", "tee-admin", typed="dev\n")
    assert len(everything(dynamodb, "dev-tee-admin")) == 8


def test_what_protects_production_comes_before_the_question_for_a_key(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEE_ANONYMIZE_KEY")
    with pytest.raises(PlainCopyError):
        run(sync_dev, "--yes")
    with pytest.raises(ProductionTargetError):
        run(sync_dev, "--anonymize", "--to", "prod", "--yes")
    with pytest.raises(NoKeyError, match="create the parameter: tee-infra data make-key prod"):
        run(sync_dev, "--anonymize", "--yes")


def test_two_ways_to_say_how_many_are_one_too_many(run: Run) -> None:
    with pytest.raises(UsageError, match="Give only one of them"):
        run(sync_dev, "--anonymize", "--fraction", "0.5", "--members", "3", "--yes")
