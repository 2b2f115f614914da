"""Commands without ENV: the current branch's environment where the registry has it, with a line on standard error."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_table import ControlTable
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.root import root
from tee_infra.core.defaults.environment import DefaultIsProductionError, NoBranchError, NoFeatureHereError
from tee_infra.core.names import BranchNameError
from tee_infra.errors import UsageError
from tee_infra.workflows.control.records import UnreadableRecordError
from tests.support.git_repositories import ENVIRON
from tests.support.homes import Moto, make_control_table, record_of

Run = Callable[..., Result]
X = "environment: feature-x (of the branch feature/x)\n"
NONE = "environment: dev (the default; the branch feature/x has none)\n"


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], env=ENVIRON, check=True, capture_output=True)


@pytest.fixture
def registry(dynamodb: DynamoDb, moto_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ControlTable:
    """The shell is on the branch feature/x of a repository with the project; the registry is empty."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    make_control_table(Moto(endpoint=moto_endpoint))
    git("init", "--quiet", "--initial-branch", "feature/x", str(tmp_path))
    return ControlTable(ControlItems.connect(Moto(endpoint=moto_endpoint)))


def exported(run: Run, *arguments: str) -> tuple[str, str]:
    """The environment of `env export`, and what stands on standard error."""
    done = run(root, "env", "export", "--format", "json", *arguments)
    return json.loads(done.stdout)["STAGE"], done.stderr


def test_the_branchs_environment_counts_while_it_lives(registry: ControlTable, run: Run) -> None:
    assert exported(run) == ("dev", NONE)
    record = registry.write(record_of("feature-x"))
    assert exported(run) == ("feature-x", X)
    assert exported(run, "staging") == ("staging", "")
    registry.write(record.with_changes(state="destroyed", destroyed_at=record.created_at))
    assert exported(run) == ("dev", NONE)


def test_an_environment_of_another_branch_with_the_same_name_is_not_its(registry: ControlTable, run: Run) -> None:
    registry.write(record_of("feature-x", branch="x"))
    assert exported(run) == ("dev", NONE)


def test_a_record_that_cannot_be_read_is_no_reason_to_take_another(
    registry: ControlTable, run: Run, dynamodb: DynamoDb, moto_endpoint: str
) -> None:
    registry.write(record_of("feature-x"))
    table = Moto(endpoint=moto_endpoint).session().resource("dynamodb", endpoint_url=moto_endpoint).Table("tee-control")
    (item,) = table.scan()["Items"]
    table.put_item(Item={**item, "record": {**item["record"], "state": "asleep"}})
    with pytest.raises(UnreadableRecordError):
        exported(run)


def test_an_embedded_aws_that_never_ran_is_not_started_for_it(registry: ControlTable, run: Run, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / ".tee")
    assert exported(run) == ("dev", NONE)
    assert not (tmp_path / ".tee").exists()


def test_tee_env_counts_where_the_branch_has_none(
    registry: ControlTable, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEE_ENV", "production")
    monkeypatch.setenv("STAGE", "staging")
    assert "environment: prod (from TEE_ENV)" in run(root, "show").stderr
    for line in ("env export", "data seed --members 1"):
        with pytest.raises(DefaultIsProductionError, match="TEE_ENV=production means production") as refused:
            run(root, *line.split())
        assert refused.value.exit_code == 3
    registry.write(record_of("feature-x"))
    assert exported(run) == ("feature-x", X)


@pytest.mark.parametrize(
    "line", ["extend --ttl 24h", "hold --reason demo --for 24h", "release", "show", "destroy --dry-run"]
)
def test_feature_commands_take_the_branchs_or_nothing(registry: ControlTable, run: Run, line: str) -> None:
    with pytest.raises(NoFeatureHereError, match="the branch 'feature/x' has no environment"):
        run(root, "feature", *line.split())
    if line != "destroy --dry-run":  # which needs the engine
        registry.write(record_of("feature-x"))
        done = run(root, "feature", *line.split(), "--json")
        assert done.stderr.startswith(X)
        assert json.loads(done.stdout)["result"]["environment"] == "feature-x"


def test_a_destroy_without_a_name_always_asks(registry: ControlTable, run: Run) -> None:
    registry.write(record_of("feature-x"))
    with pytest.raises(UsageError, match="--yes: no environment is destroyed by default without a question"):
        run(root, "feature", "destroy", "--yes")
    assert registry.record("feature-x") is not None


def test_a_create_takes_the_current_branch(registry: ControlTable, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    git("commit", "--quiet", "--allow-empty", "--message", "first")
    git("switch", "--quiet", "--create", "feature/prod")
    with pytest.raises(BranchNameError, match="'prod' is reserved"):
        run(root, "feature", "create")
    for switch in (["--create", "main"], ["--detach"]):
        git("switch", "--quiet", *switch)
        with pytest.raises(NoBranchError, match="--branch is not given"):
            run(root, "feature", "create")
