"""An app without a pointer: it costs nothing where none will come, and production's first switch creates it."""

import subprocess
import sys
from importlib.metadata import packages_distributions

import pytest

from tee_infra.client import SlotTables, WriteUncertainError
from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.environments import PERMANENT
from tests.client.control import TABLE, Control, eventually, is_held, write, write_slowly
from tests.support.emulator import reset


@pytest.mark.parametrize("environment", ["dev", "feature-x", "test"])
@pytest.mark.parametrize("has_table", [True, False])
def test_without_a_pointer_the_first_look_is_the_last(
    control: Control, moto_endpoint: str, environment: str, has_table: bool
) -> None:
    if not has_table:
        reset(moto_endpoint)
    tables = SlotTables(environment, client=control.client, clock=control.clock)
    assert write(tables, 5) == f"{environment}-tee-admin"
    control.time += 10**6
    assert {write(tables) for _ in range(100)} == {tables.name(TABLE)}
    assert control.asked == ["GetItem"]
    tables.close()


def test_the_first_switch_creates_the_pointer_of_an_app_in_use(control: Control, tables: SlotTables) -> None:
    """The app began without one; from PREPARING on it looks as often as in every later switch."""
    began: list[str] = []

    def switch(name: str) -> None:
        began.append(name)
        control.set("PREPARING", 1)
        control.time += 6
        assert write(tables, 5) == "prod-tee-admin"
        control.set("DRAINING", 2)
        eventually(lambda: is_held(tables))
        control.set("ACTIVE", 3, "prod-v2")
        eventually(lambda: tables.name(TABLE) == "prod-v2-tee-admin")

    with pytest.raises(WriteUncertainError, match="prod-v2"):
        write_slowly(tables, switch)
    assert began == ["prod-tee-admin"]
    assert write(tables) == "prod-v2-tee-admin"


def test_a_first_switch_that_is_aborted_leaves_the_app_where_it_was(control: Control, tables: SlotTables) -> None:
    assert write(tables, 5) == "prod-tee-admin"

    def abort(_: str) -> None:
        control.set("DRAINING", 2, drain_for=-1)
        control.time += 6

    write_slowly(tables, abort)
    assert control.pointer() == Pointer(epoch=3, state="ACTIVE", slot="prod")


@pytest.mark.parametrize("name", ["prod-v2", "legacy", "production", "", "prod ", "tee"])
def test_only_an_environment_has_a_pointer(control: Control, name: str) -> None:
    with pytest.raises(ValueError, match="prod"):
        SlotTables(name, client=control.client)
    assert control.asked == []


@pytest.mark.parametrize("name", [*PERMANENT, "feature-new-auth"])
def test_every_environment_may_have_one(control: Control, name: str) -> None:
    SlotTables(name, client=control.client).close()
    assert control.asked == []


def test_the_import_brings_boto3_and_nothing_else() -> None:
    """In a process of its own. boto3 belongs to the app; what `tee-infra` needs beyond it does not."""
    script = "import sys; from tee_infra.client import SlotTables; print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    allowed = {"botocore", "boto3", "urllib3", "jmespath", "dateutil", "six", "s3transfer", "awscrt", "certifi"}
    loaded = {name.partition(".")[0] for name in printed.split()} & packages_distributions().keys()
    ours = {name for name in printed.split() if name.startswith("tee_infra.")}
    assert loaded - allowed - {"tee_infra"} == set()
    assert {name for name in ours if not name.startswith("tee_infra.client")} == set()
