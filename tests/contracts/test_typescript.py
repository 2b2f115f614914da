"""The generated module compiles under the strictest options of `tsc`, and reads every stage as Python does."""

import json
import subprocess
from pathlib import Path

import pytest

from tee_infra.core.app_config import render_typescript, table_names
from tee_infra.core.environments import (
    ALIASES,
    ALLOWED,
    PERMANENT,
    UnknownEnvironmentError,
    parse_environment,
    resolve_stage,
)
from tests.support.typescript import checked

STAGES = [*PERMANENT, *ALIASES, "feature-new-auth", "feature-" + "a" * 32, "prod-v2"]
UNKNOWN = ["qa", "Prod", "prod-hotfix", "prod-v0", "feature-", "feature-prod", "feature-" + "a" * 33, "feature-a--b",
           "constructor", "__proto__", "dev\n", " dev"]  # fmt: skip
ENVIRONMENTS = [
    {},
    {"STAGE": "", "NODE_ENV": "production"},
    {"STAGE": "staging", "NODE_ENV": "production"},
    *({"STAGE": stage} for stage in STAGES + UNKNOWN),
    *({"NODE_ENV": stage} for stage in STAGES + UNKNOWN),
]

RUNNER = """
for (const environ of JSON.parse(process.argv[2])) {
  delete process.env.STAGE; delete process.env.NODE_ENV;
  Object.assign(process.env, environ);
  try {
    const loaded = await import(`./tables.js?${Math.random()}`);
    console.log(JSON.stringify({ prefix: loaded.getEnvironmentPrefix(), tables: loaded.tableNames }));
  } catch (error) {
    console.log(JSON.stringify({ error: error.message }));
  }
}
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checked(tmp_path_factory.mktemp("typescript"), scripts={"run.mjs": RUNNER})


def test_typescript_and_python_read_every_stage_alike(compiled: Path) -> None:
    done = subprocess.run(
        ["node", "run.mjs", json.dumps(ENVIRONMENTS)], cwd=compiled, capture_output=True, text=True, check=True
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers == [expected(environ) for environ in ENVIRONMENTS]


def expected(environ: dict[str, str]) -> dict[str, object]:
    try:
        stage = environ.get("STAGE") or environ.get("NODE_ENV") or "dev"
        environment = resolve_stage(stage)
    except UnknownEnvironmentError as error:
        return {"error": f"unknown stage '{error.value}'; allowed: {ALLOWED}"}
    tables = table_names(environment)
    return {
        "prefix": environment.name,
        "tables": {
            "admin": tables["tee-admin"],
            "schedules": tables["tee-schedules"],
            "syncStatus": tables["tee-sync-status"],
        },
    }


def test_the_module_takes_the_exported_stage_where_nothing_is_set() -> None:
    assert 'process.env.NODE_ENV || "staging"' in render_typescript(parse_environment("staging"))
