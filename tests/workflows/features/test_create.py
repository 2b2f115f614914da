"""What is decided before the engine has anything to do. `tests/e2e/test_features.py` has the rest."""

import json
from typing import Any

import pytest

from tee_infra.core.environments import parse_environment
from tee_infra.core.lifecycle.lock import LockedError
from tee_infra.core.lifecycle.transitions import BoundElsewhereError, CreateRequest, GoneError, QuotaError
from tee_infra.core.pulumi_state.files import checkpoint_file
from tee_infra.core.settings import settings_for
from tee_infra.core.tags import render
from tee_infra.workflows.features.admission import (
    BrokenStateError,
    ForeignStackError,
    StackFileError,
    UnknownTablesError,
    admit,
)
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.create import create_feature
from tee_infra.workflows.features.seed import NoSourceError
from tee_infra.workflows.session.checkout import NAME as PROJECT
from tests.support.homes import NOW, REPOSITORY, client, make_table, record_of

NAME = "feature-x"


def request(branch: str = "feature/x", **fields: Any) -> CreateRequest:
    return CreateRequest(environment=NAME, repository=REPOSITORY, branch=branch, owner="ann", **fields)


def create(context: FeatureContext, wanted: CreateRequest) -> None:
    create_feature(context, wanted, NOW, None, lambda _: None)


def leave_state(context: FeatureContext, branch: str | None) -> None:
    """A stack whose resources carry the tags of `branch`; None: it has no provider yet."""
    resources: list[dict[str, Any]] = [{"urn": "urn::table", "custom": True, "type": "aws:dynamodb/table:Table"}]
    if branch is not None:
        lease = {"branch": branch, "expires_at": "2026-12-02T00:00:00Z"}
        settings = settings_for(parse_environment(NAME), {"name": NAME, "owner": "ann", **lease})
        tags = {"tags": render(parse_environment(NAME), settings, PROJECT)}
        provider = {"type": "pulumi:providers:aws", "inputs": {"defaultTags": json.dumps(tags)}}
        resources.append({"urn": "urn::provider", "custom": True, **provider})
    write_state(context, {"version": 3, "checkpoint": {"latest": {"resources": resources}}})


def write_state(context: FeatureContext, document: Any) -> None:
    with context.state.write(checkpoint_file(PROJECT, NAME)) as file:
        file.write(json.dumps(document).encode())


def results(context: FeatureContext) -> list[str]:
    return [f"{entry.action} {entry.result}" for entry in context.control.history(NAME)]


def test_what_is_refused_leaves_no_record_and_an_entry_that_says_so(context: FeatureContext) -> None:
    gone = context.control.write(record_of(NAME, state="destroyed", destroyed_at=NOW))
    with pytest.raises(GoneError):
        create(context, request(revive=False))
    assert context.control.record(NAME) == gone
    assert results(context) == ["create begun", "create refused"]
    assert context.locks.live() == {}


def test_another_branch_of_the_same_name_is_refused(context: FeatureContext) -> None:
    bound = context.control.write(record_of(NAME))
    with pytest.raises(BoundElsewhereError, match=r"'feature/x' .* 'x'"):
        create(context, request("x"))
    assert context.control.record(NAME) == bound


def test_a_stack_file_makes_it_one_that_stands(context: FeatureContext) -> None:
    (context.project.directory / "Pulumi.feature-x.yaml").touch()
    with pytest.raises(StackFileError, match=r"Delete the file, or run: tee-infra up feature-x"):
        create(context, request())
    assert context.control.record(NAME) is None


def test_the_quota_is_looked_at_before_anything_is_written(context: FeatureContext) -> None:
    few = context.host.model_copy(update={"max_feature_environments": 1})
    small = FeatureContext(**{**vars(context), "host": few})
    small.control.write(record_of("feature-y"))
    with pytest.raises(QuotaError, match=r"the first lease to end is feature-y of ann, 1 h ago"):
        create(small, request())
    assert small.control.record(NAME) is None
    small.control.write(record_of(NAME))
    assert admit(small, request(), NOW).state == "active"


def test_whoever_is_second_hears_who_is_first(context: FeatureContext) -> None:
    context.locks.acquire(NAME, "bob on desk, process 7", "tee-infra feature destroy")
    with pytest.raises(LockedError, match="bob on desk, process 7"):
        create(context, request())
    assert results(context) == []


def test_somebody_elses_data_is_not_taken_without_a_word(context: FeatureContext) -> None:
    with pytest.raises(NoSourceError):
        create(context, request(seed="anonymized"))
    assert context.control.record(NAME) is None


def test_a_stack_that_the_registry_lost_is_adopted_by_its_branch_alone(
    context: FeatureContext, said: list[str]
) -> None:
    leave_state(context, "feature/x")
    adopted = admit(context, request(), NOW)
    assert (adopted.state, adopted.seeded, adopted.version) == ("creating", True, 0)
    assert any("adopted" in line for line in said)
    with pytest.raises(
        ForeignStackError, match=r"without a registry record, .* branch 'x'[.] .* tee-infra repair feature-x"
    ):
        admit(context, request("x"), NOW)


def test_a_stack_without_tags_is_nobodys(context: FeatureContext) -> None:
    leave_state(context, None)
    with pytest.raises(ForeignStackError):
        admit(context, request(), NOW)


@pytest.mark.parametrize("document", [{"checkpoint": {"latest": {"resources": [{}]}}}, {}, None])
def test_a_state_that_cannot_be_read_is_left_as_it_is(context: FeatureContext, document: Any) -> None:
    write_state(context, document)
    with pytest.raises(BrokenStateError, match=r"Nothing was changed\. To repair it: tee-infra repair feature-x"):
        admit(context, request(), NOW)
    context.control.write(record_of(NAME))
    with pytest.raises(BrokenStateError):
        create(context, request())
    assert results(context) == ["create begun", "create refused"]


def test_tables_that_no_stack_knows_are_not_touched(context: FeatureContext) -> None:
    make_table(client(context.connection, "dynamodb"), "feature-x-tee-admin", {})
    with pytest.raises(UnknownTablesError, match=r"feature-x: no state, but these tables exist: feature-x-tee-admin"):
        create(context, request())
    assert context.control.record(NAME) is None


def test_an_empty_stack_is_a_beginning(context: FeatureContext) -> None:
    write_state(context, {"version": 3, "checkpoint": {"stack": NAME}})
    assert not admit(context, request(), NOW).seeded
