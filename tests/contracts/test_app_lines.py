"""The lines that `docs/app.md` shows to an app run as they are, against a service, before and after a switch."""

import re
from pathlib import Path
from typing import Any

import boto3
import pytest

from tee_infra.client import SlotTables
from tests.client.control import Control
from tests.client.test_scenarios import prepare
from tests.support.typescript import checked, run_script

PAGE = (Path(__file__).parents[2] / "docs" / "app.md").read_text()
HANDED_IN = 'const [key, item] = [{ pk: "a" }, { pk: "a", n: 1 }];\n'


def blocks(language: str) -> list[str]:
    """The lines for a switch, and those for shadow reads."""
    found = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(found) == 2
    return found


def written(control: Control, slot: str) -> Any:
    return control.client.get_item(TableName=f"{slot}-tee-admin", Key={"pk": {"S": "a"}}).get("Item")


@pytest.fixture
def control(moto_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Control:
    for name, value in {
        "AWS_ENDPOINT_URL": moto_endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "STAGE": "prod",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return prepare(moto_endpoint)


def test_the_lines_in_python_run(control: Control) -> None:
    key, item = {"pk": {"S": "a"}}, {"pk": {"S": "a"}, "n": {"N": "1"}}
    lines, shadow = blocks("python")
    exec(lines, {"key": key, "item": item})
    assert written(control, "prod") == item
    control.set("ACTIVE", 3, "prod-v2")
    exec(lines, {"key": key, "item": item})
    assert written(control, "prod-v2") == item
    space: dict[str, Any] = {"dynamodb": boto3.client("dynamodb")}
    exec(shadow, space)
    assert isinstance(space["tables"], SlotTables)
    space["tables"].close()


def test_the_lines_in_typescript_compile_and_run(control: Control, tmp_path: Path) -> None:
    lines, shadow = blocks("typescript")
    imports, rest = lines.split("\n\n", 1)
    app = f"{imports}\n{HANDED_IN}{rest}"
    more = f"{imports}\nconst client = new DynamoDB({{}});\n{shadow}await tables.close();\n"
    more += "export { DynamoDBDocumentClient, GetCommand, PutCommand };\n"
    folder = checked(tmp_path, app={"app.ts": app, "shadow_reads.ts": more})
    run_script(folder, "app.js")
    assert written(control, "prod") == {"pk": {"S": "a"}, "n": {"N": "1"}}
    control.set("ACTIVE", 3, "prod-v2")
    run_script(folder, "app.js")
    assert written(control, "prod-v2") == {"pk": {"S": "a"}, "n": {"N": "1"}}
