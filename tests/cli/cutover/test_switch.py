"""`tee-infra switch` and `rollback` on a real service, with shorter leases than in production."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.root import root
from tee_infra.core.cutover.preflight import PreflightError
from tee_infra.core.cutover.switching import Bounds
from tee_infra.errors import UsageError
from tee_infra.workflows.cutover import switch
from tee_infra.workflows.cutover.context import CutoverContext
from tee_infra.workflows.cutover.earlier_switch import NoRollbackError
from tee_infra.workflows.cutover.tail import TailState
from tee_infra.workflows.cutover.transform import NoInverseError, load_transform
from tests.support.commands import json_of
from tests.support.cutover_live import end_of, make_slots, migrate, running_tail
from tests.support.homes import Moto, make_control_table

FORTH = ("switch", "--from", "prod", "--to", "prod-v2")
ITEM = {"pk": {"S": "a"}, "sk": {"S": "b"}}


@pytest.fixture
def context(dynamodb: DynamoDb, monkeypatch: pytest.MonkeyPatch) -> CutoverContext:
    monkeypatch.setattr(switch, "Bounds", lambda: Bounds(long_lease=0.1, short_lease=0.05, in_flight=0.05))
    connection = Moto(endpoint=dynamodb.endpoint)
    make_control_table(connection)
    context = CutoverContext.connect("prod", connection, lambda _: None)
    make_slots(context)
    return context


@pytest.fixture
def tail(context: CutoverContext) -> Iterator[list[TailState]]:
    """`tee-infra migrate tail prod` runs during the test."""
    with running_tail(context) as states:
        yield states


def test_a_switch_and_its_rollback_bring_every_write_along(
    context: CutoverContext, tail: list[TailState], run: Callable[..., Result]
) -> None:
    client = context.dynamodb.client
    migrate(context)
    end_of(tail, lambda state: state.following)
    planned = json_of(run, root, *FORTH, "--dry-run", "--json")
    assert 0 < planned["expected_window_seconds"] < 3
    assert "lag" in planned["conditions"]
    assert context.pointers.read()[0].epoch == 0  # pyright: ignore
    end_of(tail, lambda state: state.following)
    client.put_item(TableName="prod-tee-admin", Item=ITEM | {"value": {"N": "1"}})
    done = json_of(run, root, *FORTH, "--yes", "--json")
    assert (done["switched"], done["epoch"]) == (True, 3)
    assert 0 < done["window_seconds"] < 3
    assert client.get_item(TableName="prod-v2-tee-admin", Key=ITEM)["Item"]["value"] == {"N": "1"}
    assert json_of(run, root, *FORTH, "--yes", "--json") | {"switched": False} == done | {
        "switched": False,
        "window_seconds": None,
        "checked_keys": None,
    }
    client.put_item(TableName="prod-v2-tee-admin", Item=ITEM | {"value": {"N": "2"}})
    end_of(tail, lambda state: state.following and state.source == "prod-v2")
    back = json_of(run, root, "rollback", "prod", "--yes", "--json")
    assert (back["source"], back["target"], back["epoch"]) == ("prod-v2", "prod", 6)
    assert client.get_item(TableName="prod-tee-admin", Key=ITEM)["Item"]["value"] == {"N": "2"}
    with pytest.raises(NoRollbackError, match="the one back"):
        run(root, "rollback", "prod", "--yes")


def test_without_an_inverse_a_rollback_gives_up_the_writes_that_it_lists(
    context: CutoverContext, run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "changes_one_way.py").write_text(
        "def to_v2(table, item):\n    return item | {'version': {'N': '2'}}\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    client = context.dynamodb.client
    client.put_item(TableName="prod-tee-admin", Item=ITEM)
    migrate(context, load_transform("changes_one_way:to_v2"))
    one_way = (*FORTH, "--transform", "changes_one_way:to_v2")
    with pytest.raises(PreflightError, match="no inverse"):
        run(root, *one_way, "--yes")
    assert json_of(run, root, *one_way, "--accept-loss", "--yes", "--json")["epoch"] == 3
    assert client.get_item(TableName="prod-v2-tee-admin", Key=ITEM)["Item"]["version"] == {"N": "2"}
    client.put_item(TableName="prod-v2-tee-admin", Item=ITEM | {"value": {"N": "2"}})
    with pytest.raises(NoInverseError):
        run(root, "rollback", "prod", "--yes")
    lost = json_of(run, root, "rollback", "prod", "--accept-loss", "--dry-run", "--json")["lost"]
    assert json.loads(lost["tee-admin"]["keys"][0]) == ITEM
    assert lost["tee-schedules"]["keys"] == []
    assert context.pointers.read()[0].epoch == 3  # pyright: ignore
    assert json_of(run, root, "rollback", "prod", "--accept-loss", "--yes", "--json")["epoch"] == 6
    assert client.get_item(TableName="prod-tee-admin", Key=ITEM)["Item"] == ITEM
    assert context.tail.armed().position is None  # pyright: ignore


def test_a_switch_names_each_condition_that_does_not_hold_with_its_command(
    context: CutoverContext, run: Callable[..., Result]
) -> None:
    with pytest.raises(PreflightError) as refused:
        run(root, *FORTH, "--yes")
    assert refused.value.exit_code == 3
    unmet = {each["name"]: each["command"] for each in refused.value.conditions}
    assert unmet["verified"] == "tee-infra migrate --from prod --to prod-v2 --until-caught-up"
    assert unmet["reverse"] == "tee-infra migrate tail prod"
    assert context.pointers.read()[0].epoch == 0  # pyright: ignore
    assert context.journals().read() is None


@pytest.mark.parametrize(
    "words",
    [
        ("--from", "prod", "--to", "prod"),
        ("--from", "prod", "--to", "dev"),
        ("--from", "dev", "--to", "dev-v2"),
        ("--from", "prod", "--to", ""),
        ("--from", "prod-v2", "--to", "prod", "--transform", "nothing"),
        ("--from", "prod-v2", "--to", "prod", "--json"),
    ],
    ids=" ".join,
)
def test_a_switch_that_is_none_is_wrong_usage(run: Callable[..., Result], words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        run(root, "switch", *words)


def test_without_a_switch_there_is_no_rollback(context: CutoverContext, run: Callable[..., Result]) -> None:
    with pytest.raises(NoRollbackError, match="was not opened by the last switch"):
        run(root, "rollback", "prod", "--yes")
