"""The scripts that `docs/app.md` shows for `package.json` run as they are, from the app's folder in a fresh shell."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tee_infra.aws.dynamodb import DynamoDb
from tests.contracts.test_docs import parse
from tests.support.checkout import COMMAND
from tests.support.emulator import create_tables, reset, session
from tests.support.stand_in import checkout_at

PAGE = (Path(__file__).parents[2] / "docs" / "app.md").read_text()
ROWS = re.findall(r'^\| (.*) \| `("[^|]*)` \| (.*) \|$', PAGE, re.MULTILINE)
SCRIPTS = {name: line for _, script, _ in ROWS for name, line in json.loads(f"{{{script}}}").items()}


def test_each_script_stands_there_once() -> None:
    assert len(SCRIPTS) == len(ROWS) > 15


@pytest.mark.parametrize(("script", "direct"), [(script, direct) for _, script, direct in ROWS])
def test_a_script_is_the_beginning_of_the_command_beside_it(script: str, direct: str) -> None:
    (line,) = json.loads(f"{{{script}}}").values()
    if line.startswith("STAGE="):
        return
    commands = re.findall(r"`(tee-infra [^`]+)`", direct)
    (command,) = [command for command in commands if command.startswith(line)]
    parse(command.split()[1:])


def test_a_script_runs_from_the_apps_folder(moto_endpoint: str, tmp_path: Path) -> None:
    """npm, as yarn does, hands a script and its arguments to a shell in the app's folder."""
    reset(moto_endpoint)
    app, programs = tmp_path / "app", tmp_path / "bin"
    (app / "infra").mkdir(parents=True)
    programs.mkdir()
    subprocess.run(["git", "init", "--quiet", str(app)], check=True)
    checkout_at(app / "infra", moto_endpoint)
    for environment in ("staging", "dev"):
        create_tables(DynamoDb(session(), moto_endpoint), environment)
    (app / "package.json").write_text(json.dumps({"name": "app", "scripts": SCRIPTS}))
    (programs / "tee-infra").symlink_to(COMMAND)
    shell = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
    line = ["npm", "run", "--silent", "copy-data", "--", "--from", "staging", "--to", "dev", "--dry-run"]
    done = subprocess.run(line, cwd=app, env=shell, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert f"embedded AWS at {moto_endpoint}" in done.stdout
