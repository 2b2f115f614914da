"""A look at items on moto: what is read, what is masked by what a table is, and what a person sees of both."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.data.group import data
from tee_infra.core.codec.key_text import KeyTextError
from tee_infra.core.codec.masking import shown
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.cutover.pointer import Pointer, pointer_item
from tee_infra.core.names import CONTROL_TABLE
from tee_infra.core.tables.named_table import UnknownIndexError, UnknownTableError
from tee_infra.workflows.data.look import NoItemError
from tests.support.commands import json_of
from tests.support.emulator import create_tables, everything, put, session
from tests.support.homes import Moto, make_control_table

Run = Callable[..., Result]
ANN = b'{"pk":{"S":"MEMBER#ann"},"sk":{"S":"PROFILE"},"email":{"S":"ann@example.org"},"role":{"S":"admin"}}'
KEY = ("MEMBER#ann", "PROFILE")


def fill(dynamodb: DynamoDb, environment: str, members: int = 0, **extra: Any) -> None:
    for logical, physical in create_tables(dynamodb, environment, **extra).items():
        put(dynamodb, physical, SyntheticData(1).items(logical, range(members)))
    put(dynamodb, f"{environment}-tee-admin", [ANN])


def printed(*arguments: str) -> Any:
    """What is on standard output, where only JSON is."""
    done = CliRunner().invoke(data, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_one_item_plain_raw_and_as_json(dynamodb: DynamoDb, run: Run) -> None:
    fill(dynamodb, "dev")
    plain = {"pk": "MEMBER#ann", "sk": "PROFILE", "email": "ann@example.org", "role": "admin"}
    assert printed("get", "dev", "admin", *KEY) == printed("get", "dev", "tee-admin", " ".join(KEY)) == plain
    assert printed("get", "dev", "admin", *KEY, "--raw") == json.loads(ANN)
    result = json_of(run, data, "get", "dev", "admin", *KEY, "--json")
    assert result == {
        "environment": "dev", "table": "tee-admin", "physical_name": "dev-tee-admin", "production": None,
        "masked": False, "item": json.loads(ANN),
    }  # fmt: skip


def test_a_scan_has_the_first_items_and_says_that_there_are_more(dynamodb: DynamoDb, run: Run) -> None:
    fill(dynamodb, "dev", 30)
    assert len(printed("scan", "dev", "admin", "--limit", "31")) == 31
    all_of_it = CliRunner().invoke(data, ["scan", "dev", "admin", "--limit", "31"])
    assert all_of_it.stderr.endswith("\n31 items\n")
    first = CliRunner().invoke(data, ["scan", "dev", "admin"])
    assert len(json.loads(first.stdout)) == 20
    assert "20 items; there are more: --limit N" in first.stderr
    facts = json_of(run, data, "scan", "dev", "admin", "--limit", "1", "--json")
    assert (len(facts["items"]), facts["more"]) == (1, True)


def test_a_query_by_partition_beginning_and_index(dynamodb: DynamoDb, run: Run) -> None:
    fill(dynamodb, "dev", 12)
    items = list(everything(dynamodb, "dev-tee-schedules").values())
    one = items[0]
    own = [item for item in items if item["pk"] == one["pk"]]
    found = printed("query", "dev", "schedules", one["pk"]["S"], "--limit", "1000")
    assert [item["sk"] for item in found] == sorted(item["sk"]["S"] for item in own)
    beginning = printed("query", "dev", "schedules", one["pk"]["S"], "--begins-with", one["sk"]["S"], "--raw")
    assert beginning == [one]
    same_day = [item for item in items if item["date"] == one["date"]]
    facts = json_of(
        run, data, "query", "dev", "schedules", one["date"]["S"], "--index", "by-date", "--limit", "9", "--json"
    )
    assert facts["index"] == "by-date"
    assert len(facts["items"]) == min(len(same_day), 9)
    assert printed("query", "dev", "schedules", "MEMBER#none") == []


@pytest.mark.parametrize("environment", ["prod", "prod-v2", "dev"])
def test_production_is_masked_by_what_the_table_is(
    dynamodb: DynamoDb, run: Run, tmp_path: Any, environment: str
) -> None:
    (tmp_path / "Pulumi.prod-v2.yaml").write_text("config: {tee-infra:environment: {name: prod-v2, owner: platform}}")
    tags = [{"Key": "tee:environment", "Value": "prod"}] if environment == "dev" else []
    fill(dynamodb, environment, 1, Tags=tags)
    done = CliRunner().invoke(data, ["get", environment, "admin", *KEY])
    assert json.loads(done.stdout) == {"pk": "MEMBER#***", "sk": "PROFILE", "email": "*" * 15, "role": "admin"}
    assert "personal values are masked" in done.stderr
    assert "ann" not in done.output
    profile = shown(next(iter(SyntheticData(1).items("tee-admin", range(1)))))
    for command in (("scan", environment, "admin"), ("query", environment, "admin", profile["pk"]["S"])):
        facts = run(data, *command, "--json").stdout
        assert json.loads(facts)["result"]["masked"]
        assert profile["email"]["S"] not in facts
        assert profile["memberId"]["S"] not in facts
    assert printed("get", environment, "admin", *KEY, "--raw", "--show-personal") == json.loads(ANN)


def test_prod_is_the_open_slot(dynamodb: DynamoDb, moto_endpoint: str) -> None:
    create_tables(dynamodb, "prod")
    fill(dynamodb, "prod-v2")
    make_control_table(Moto(endpoint=moto_endpoint))
    pointers = session().resource("dynamodb", endpoint_url=moto_endpoint).Table(CONTROL_TABLE)
    pointers.put_item(Item=pointer_item(Pointer(epoch=3, state="ACTIVE", slot="prod-v2"), "prod"))
    done = CliRunner().invoke(data, ["get", "prod", "admin", *KEY])
    assert "prod: prod-v2 is open to the app" in done.stderr
    assert json.loads(done.stdout)["role"] == "admin"


def test_what_is_not_there(dynamodb: DynamoDb, run: Run) -> None:
    create_tables(dynamodb, "dev")
    with pytest.raises(NoItemError, match="dev-tee-admin: no item with this key"):
        run(data, "get", "dev", "admin", *KEY)
    with pytest.raises(UnknownTableError, match="Did you mean tee-schedules"):
        run(data, "scan", "dev", "schedule")
    with pytest.raises(UnknownIndexError, match="Did you mean by-date"):
        run(data, "query", "dev", "schedules", "x", "--index", "by-day")
    with pytest.raises(KeyTextError, match="tee-infra data query ENV tee-admin PARTITION"):
        run(data, "get", "dev", "admin", "MEMBER#ann")


def test_text_of_others_stays_json_on_a_terminal(dynamodb: DynamoDb) -> None:
    fill(dynamodb, "dev")
    text = "\x1b[2J\u202e\U000e0041\u2028::add-mask::x"
    item = {"pk": {"S": text}, "sk": {"S": "PROFILE"}, text: {"M": {text: {"S": text}}}}
    put(dynamodb, "dev-tee-admin", [json.dumps(item).encode()])
    for more in ((), ("--raw",), ("--json",)):
        said = CliRunner().invoke(data, ["get", "dev", "admin", text, "PROFILE", *more]).stdout
        assert not set(said) & set("\x1b\u202e\U000e0041\u2028")
        assert "::add-mask" not in said
        assert text in json.dumps(json.loads(said), ensure_ascii=False).replace("\\u001b", "\x1b")
