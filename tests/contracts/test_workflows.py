"""The workflows of GitHub: what each event starts, with whose rights, and that no branch name is ever executed."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tee_infra.core.arns import Arns
from tee_infra.core.environments import PERMANENT, parse_environment
from tee_infra.core.resources import access
from tee_infra.core.settings import settings_for
from tests.contracts.test_docs import parse
from tests.support.pipelines import (
    REPOSITORY,
    ROOT,
    Run,
    all_workflows,
    created,
    deleted,
    event,
    pull_request,
    pushed,
    runs,
    workflow,
)

TEE = ".venv/bin/tee-infra "
ENSURE = 'feature create --branch "$BRANCH" --yes --post'
REFRESH = 'feature create --branch "$BRANCH" --yes --unless-destroyed --post'
DESTROY = 'feature destroy --branch "$BRANCH" --yes'
SHORTEN = 'feature destroy --branch "$BRANCH" --after 24h --yes'
FORK = "mallory/app"
ODD = "feature/$(id)`id`';\"&|ünï"

WORKFLOWS = all_workflows()
JOBS = [
    pytest.param(document, job, id=f"{name}-{key}")
    for name, document in WORKFLOWS.items()
    for key, job in document["jobs"].items()
]
each_job = pytest.mark.parametrize(("document", "job"), JOBS)


@pytest.mark.parametrize(
    ("name", "context", "commands"),
    [
        ("feature", created("feature/x"), [ENSURE]),
        ("feature", pushed("feature/x"), [REFRESH]),
        ("feature", deleted("feature/x"), [DESTROY]),
        ("feature", pull_request("feature/x"), [SHORTEN]),
        ("preview", pull_request("feature/x"), ["preview staging --post"]),
        ("preview", pull_request("fix"), ["preview staging --post"]),
        ("cleanup", event("schedule", "refs/heads/main", {}), ["cleanup --execute --grace 1h"]),
        # What starts nothing.
        ("feature", created("feature/x", "tag"), []),
        ("feature", created("main"), []),
        ("feature", deleted("feature/x", "tag"), []),
        ("feature", deleted("fix"), []),
        ("feature", pull_request("fix"), []),
        ("feature", pull_request("feature/x", source=FORK), []),
        ("preview", pull_request("feature/x", source=FORK), []),
        ("preview", pull_request("feature/x", base="release"), []),
    ],
)
def test_each_event_starts_its_command(name: str, context: dict[str, Any], commands: list[str]) -> None:
    assert [run.command for run in runs(name, context)] == [TEE + command for command in commands]


@pytest.mark.parametrize(
    ("dry_run", "command"), [(True, "cleanup --grace 1h"), (False, "cleanup --execute --grace 1h")]
)
def test_a_cleanup_by_hand_shows_its_plan_unless_told_otherwise(dry_run: bool, command: str) -> None:
    context = event("workflow_dispatch", "refs/heads/main", {}) | {"inputs": {"dry-run": dry_run}}
    assert [run.command for run in runs("cleanup", context)] == [TEE + command]
    assert workflow("cleanup")["on"]["workflow_dispatch"]["inputs"]["dry-run"]["default"] is True


@pytest.mark.parametrize("context", [created(ODD), pushed(ODD), deleted(ODD), pull_request(ODD)])
def test_events_of_one_branch_wait_for_each_other_and_name_it_alike(context: dict[str, Any]) -> None:
    (run,) = runs("feature", context)
    assert (run.env["BRANCH"], run.group, run.environment) == (ODD, f"feature:{ODD}", "dev")


def test_only_what_stands_is_told_where_its_state_is() -> None:
    """Feature environments find theirs by the account."""
    variables = {name: "PULUMI_BACKEND_URL" in str(document) for name, document in WORKFLOWS.items()}
    assert variables == {"cleanup": False, "feature": False, "preview": True}


@pytest.mark.parametrize(("name", "role"), [("staging", "deployer"), ("dev", "deployer"), ("dev", "cleanup")])
def test_the_docs_name_the_roles_as_the_stacks_do(name: str, role: str) -> None:
    arn = Arns(account_id="ACCOUNT", region="us-east-1", environment=name).role(role)
    assert f"| `{arn}` |" in (ROOT / "docs" / "pipelines.md").read_text()


def test_no_event_of_a_branch_is_dropped_for_the_next() -> None:
    assert WORKFLOWS["feature"]["concurrency"]["queue"] == "max"


def test_previews_of_two_pull_requests_do_not_wait_for_each_other() -> None:
    groups = {runs("preview", pull_request("x", number=number))[0].group for number in (1, 2)}
    assert len(groups) == 2


def test_nothing_runs_before_the_team_has_set_its_variables() -> None:
    contexts = [
        ("feature", pushed("feature/x")),
        ("preview", pull_request("x")),
        ("cleanup", event("schedule", "", {})),
    ]
    for name, context in contexts:
        assert runs(name, context)
        assert runs(name, context | {"vars": {}}) == []


def test_the_triggers() -> None:
    triggers = {name: document["on"] for name, document in WORKFLOWS.items()}
    assert triggers["feature"] == {
        "create": None, "push": {"branches": ["feature/**"]}, "delete": None, "pull_request": {"types": ["closed"]},
    }  # fmt: skip
    assert triggers["preview"] == {"pull_request": {"branches": ["main"]}}
    assert triggers["cleanup"]["schedule"] == [{"cron": "17 * * * *"}]
    assert set(triggers["cleanup"]) == {"schedule", "workflow_dispatch"}
    assert set(triggers) == {"cleanup", "feature", "preview"}


@each_job
def test_a_job_has_a_limit_a_queue_and_no_right_it_does_not_name(document: dict[str, Any], job: dict[str, Any]) -> None:
    assert document["permissions"] == {}
    assert job["permissions"].items() <= {
        "contents": "read", "id-token": "write", "pull-requests": job["permissions"].get("pull-requests"),
    }.items()  # fmt: skip
    assert 0 < job["timeout-minutes"] <= 30
    queue = job.get("concurrency") or document["concurrency"]
    assert queue["group"].startswith(f"{document['name']}:")
    assert queue["cancel-in-progress"] is False


@each_job
def test_who_comments_may_write_to_pull_requests_and_nobody_else(document: dict[str, Any], job: dict[str, Any]) -> None:
    posts = any("--post" in step.get("run", "") for step in job["steps"])
    assert (job["permissions"].get("pull-requests") == "write") == posts
    for step in job["steps"]:
        asks_github = "--post" in step.get("run", "") or "cleanup" in step.get("run", "")
        assert ("GITHUB_TOKEN" in step.get("env", {})) == asks_github


@each_job
def test_a_job_may_take_the_role_that_its_command_needs(document: dict[str, Any], job: dict[str, Any]) -> None:
    assert f"repo:{REPOSITORY}:environment:{job['environment']}" in trusted_subjects()
    assert (job["environment"] == "dev-cleanup") == (document["name"] == "cleanup")


@each_job
def test_everything_a_job_does_is_one_command_that_can_be_typed(document: dict[str, Any], job: dict[str, Any]) -> None:
    for step in job["steps"]:
        assert ("run" in step) != ("uses" in step)
        if "run" in step:
            assert re.fullmatch(r'\.venv/bin/tee-infra ([\w-]+|"\$[A-Z]+")( ([\w-]+|"\$[A-Z]+"))*', step["run"])
            env = {"BRANCH": "feature/x"} if "BRANCH" in document.get("env", {}) else {}
            parse(arguments(Run(step["run"], env, "", "")))


@each_job
def test_no_checkout_leaves_its_token_behind(document: dict[str, Any], job: dict[str, Any]) -> None:
    checkouts = [step for step in job["steps"] if "actions/checkout" in step.get("uses", "")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False]


def test_what_ends_an_environment_is_the_default_branchs() -> None:
    checkout = WORKFLOWS["feature"]["jobs"]["destroy"]["steps"][0]
    assert checkout["with"]["ref"] == "${{ github.event.repository.default_branch }}"


@pytest.mark.parametrize(
    "file", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda file: file.parent.name + file.name
)
def test_scripts_are_fixed_texts_and_actions_fixed_commits(file: Path) -> None:
    for step in steps_in(yaml.safe_load(file.read_text())):
        assert "${{" not in step.get("run", "")
    for line in file.read_text().splitlines():
        if used := re.search(r"uses: (\S+)(.*)", line):
            local = used[1].startswith("./") and (ROOT / used[1] / "action.yml").exists()
            assert local or re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used[1] + used[2]), line


def test_an_action_is_the_same_commit_everywhere() -> None:
    text = "".join(file.read_text() for file in (ROOT / ".github").rglob("*.yml"))
    for action in set(re.findall(r"uses: ([\w-]+/[\w-]+)@", text)):
        assert len(set(re.findall(rf"uses: {action}@(.*)", text))) == 1


def arguments(run: Run) -> list[str]:
    """What the command gets: the shell's words, each quoted variable as a whole one."""
    return [run.env[word[1:]] if word.startswith("$") else word for word in shlex.split(run.command)[1:]]


def steps_in(document: Any) -> Iterator[dict[str, Any]]:
    if isinstance(document, dict):
        yield from document.get("steps", [])
        for value in document.values():
            yield from steps_in(value)


def trusted_subjects() -> set[str]:
    """Every subject that some role of a standing environment trusts."""
    found = set[str]()
    for name in PERMANENT:
        environment = parse_environment(name)
        settings = settings_for(environment, {"name": name, "owner": "x", "repository": REPOSITORY})
        arns = Arns(account_id="123456789012", region="us-east-1", environment=name)
        for role in access.roles(environment, settings, arns):
            for statement in role.trust["Statement"]:
                condition = statement.get("Condition", {}).get("StringEquals", {})
                found.add(condition.get("token.actions.githubusercontent.com:sub", ""))
    return found
