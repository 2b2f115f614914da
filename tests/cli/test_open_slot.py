"""After a switch, commands that read production read the open slot, and say so: its own tables are the slot before."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.backup.portable import backup
from tee_infra.cli.data.report import anonymize_report
from tee_infra.cli.data.sync_dev import sync_dev
from tee_infra.cli.environments.export import export
from tee_infra.cli.environments.list import show
from tee_infra.cli.environments.schema import schema
from tee_infra.core import names
from tee_infra.core.cutover.pointer import Pointer, pointer_item
from tee_infra.errors import RefusedError
from tee_infra.workflows.environments import show as show_workflow
from tests.support.commands import json_of
from tests.support.emulator import create_tables, session
from tests.support.homes import Moto, make_control_table

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def slots(dynamodb: DynamoDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEE_ANONYMIZE_KEY", "an example key that is long enough")
    (tmp_path / "Pulumi.prod-v2.yaml").write_text("config: {tee-infra:environment: {name: prod-v2, owner: platform}}")
    for slot in ("prod", "prod-v2", "legacy", "dev"):
        create_tables(dynamodb, slot)


def opened(moto_endpoint: str, name: str, **changes: Any) -> None:
    make_control_table(Moto(endpoint=moto_endpoint))
    item = pointer_item(Pointer(epoch=3, state="ACTIVE", slot=name), "prod") | changes
    table = session().resource("dynamodb", endpoint_url=moto_endpoint).Table(names.CONTROL_TABLE)
    table.put_item(Item=item)


READS: dict[str, tuple[click.Command, tuple[str, ...]]] = {
    "backup create": (backup, ("create", "{env}", "--output", "made")),
    "backup create --native": (backup, ("create", "{env}", "--native")),
    "backup restore --at": (
        backup,
        ("restore", "{env}", "--at", "2026-11-01T00:00:00Z", "--suffix=-restored", "--dry-run"),
    ),
    "data sync-dev": (sync_dev, ("--from", "{env}", "--anonymize", "--dry-run")),
    "data anonymize-report": (anonymize_report, ("{env}",)),
}
"""Every command that reads the tables of an environment for use elsewhere."""


def said(run: Run, which: str, environment: str = "prod") -> str:
    command, arguments = READS[which]
    done = run(command, *(one.format(env=environment) for one in arguments))
    return f"{done.stdout}{done.stderr}"


@pytest.mark.parametrize(
    ("which", "slot"), [*((which, "prod-v2") for which in READS), ("backup create --native", "legacy")]
)
def test_prod_is_the_open_slot_for_a_reader(run: Run, moto_endpoint: str, which: str, slot: str) -> None:
    opened(moto_endpoint, slot)

    told = said(run, which)

    assert f"prod: {slot} is open to the app, so this reads the tables of {slot}" in told
    if which != "data anonymize-report":  # it names tables by the catalog
        assert names.table(slot, "tee-admin") in told
        assert "prod-tee-admin" not in told


@pytest.mark.parametrize("which", READS)
def test_prod_is_itself_before_a_switch_and_in_an_account_without_pointers(
    run: Run, moto_endpoint: str, which: str
) -> None:
    assert "is open" not in said(run, which)
    if which == "backup create":  # a complete backup is never overwritten
        return
    opened(moto_endpoint, "prod")
    told = said(run, which)
    assert "is open" not in told
    assert "prod-v2" not in told


@pytest.mark.parametrize("which", READS)
def test_a_slot_that_is_named_is_meant_itself(run: Run, moto_endpoint: str, which: str) -> None:
    opened(moto_endpoint, "legacy")

    told = said(run, which, "prod-v2")

    assert "is open" not in told
    assert which == "data anonymize-report" or "prod-v2-tee-admin" in told


BROKEN = ({"state": "CLOSED"}, {"slot": "prod-hotfix"}, {"epoch": 0}, {"more": 1})


@pytest.mark.parametrize(
    ("which", "broken"),
    [*((which, BROKEN[0]) for which in READS), *(("backup create --native", one) for one in BROKEN[1:])],
)
def test_a_pointer_that_cannot_be_read_stops_a_reader(
    run: Run, moto_endpoint: str, which: str, broken: dict[str, Any], tmp_path: Path
) -> None:
    opened(moto_endpoint, "prod-v2", **broken)

    with pytest.raises(RefusedError, match="which slot is open is not known") as refused:
        said(run, which)
    assert refused.value.next == "See the slots: tee-infra slots prod"
    assert not list(tmp_path.glob("made/**/*.gz"))


def test_the_backups_of_every_generation_are_listed_and_restored(run: Run, moto_endpoint: str) -> None:
    before = json_of(run, backup, "create", "prod", "--native", "--tables", "tee-admin", "--json")["native"]
    opened(moto_endpoint, "prod-v2")
    after = json_of(run, backup, "create", "prod", "--native", "--tables", "tee-admin", "--json")["native"]

    listed = json_of(run, backup, "list", "prod", "--json")["native"]
    planned = [
        json_of(run, backup, "restore", "prod", "--backup", one["arn"], "--suffix=-restored", "--dry-run", "--json")[
            "tables"
        ]
        for one in (*before, *after)
    ]

    assert [one["physical_name"] for one in listed] == ["prod-tee-admin", "prod-v2-tee-admin"]
    assert [one["arn"] for one in listed] == [before[0]["arn"], after[0]["arn"]]
    assert [one["source"] for (one,) in planned] == ["prod-tee-admin", "prod-v2-tee-admin"]


def test_a_portable_backup_is_one_of_the_slot(run: Run, moto_endpoint: str) -> None:
    """Its tables are restored as those of the slot; prod's backups are those of every slot."""
    opened(moto_endpoint, "prod-v2")
    made = json_of(run, backup, "create", "prod", "--output", "made/v2", "--json")

    assert made["environment"] == "prod-v2"
    assert json_of(run, backup, "verify", "prod", "--input", "made/v2", "--json")["verified"]
    for environment in ("prod", "prod-v2"):
        listed = json_of(run, backup, "list", environment, "--input", "made", "--json")
        assert [one["environment"] for one in listed["portable"]] == ["prod-v2"]
    assert json_of(run, backup, "list", "dev", "--input", "made", "--json")["portable"] == []


def test_a_portable_restore_goes_into_the_tables_that_it_names(run: Run, moto_endpoint: str) -> None:
    """Only what is read follows the app. Another account's backup is refused here, by the name of its target."""
    run(backup, "create", "prod", "--output", "made")
    opened(moto_endpoint, "prod-v2")

    with pytest.raises(RefusedError, match="prod-tee-admin-old: prod is production"):
        run(backup, "restore", "prod", "--input", "made", "--suffix=-old", "--dry-run")


NAMES_TABLES = {
    "env export": (export, ("{env}",)),
    "env export --format json": (export, ("{env}", "--format", "json")),
    "show": (show, ("{env}",)),
    "schema check": (schema, ("check", "{env}")),
}
"""Every command that names production's own tables; not all of them ask AWS."""


@pytest.mark.parametrize("which", NAMES_TABLES)
def test_who_names_production_s_own_tables_says_that_there_are_others(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    monkeypatch.setattr(show_workflow, "find_engine", lambda _: None)
    (tmp_path / "Pulumi.prod.yaml").write_text(
        "config: {tee-infra:environment: {name: prod, owner: platform, slots: [prod-v2]}}"
    )
    command, arguments = NAMES_TABLES[which]
    results = {name: CliRunner().invoke(command, [one.format(env=name) for one in arguments]) for name in CHECKED}
    told = {name: done.stderr if "export" in which else done.output for name, done in results.items()}

    assert "it has other slots: prod-v2. See which one the app uses: tee-infra slots prod" in told.pop("prod")
    assert "other slots" not in str(told)
    assert "other slots" not in "".join(done.stdout for done in results.values() if "export" in which)


CHECKED = ("prod", "prod-v2", "dev")
