"""What is decided before the engine has anything to do. `tests/e2e/test_features.py` has the rest."""

import json
from pathlib import Path
from typing import Any

import pytest

from tee_infra.core.environments import parse_environment
from tee_infra.core.lifecycle.lock import LockedError
from tee_infra.core.lifecycle.transitions import BoundElsewhereError, GoneError, QuotaError, Wish
from tee_infra.core.pulumi_state.files import checkpoint_file
from tee_infra.core.settings import settings_for
from tee_infra.core.tags import render
from tee_infra.workflows.features.admission import (
    BrokenStateError,
    ForeignStackError,
    StackFileError,
    UnknownTablesError,
    decide,
)
from tee_infra.workflows.features.context import Home
from tee_infra.workflows.features.create import create_feature
from tee_infra.workflows.features.seed import NoSourceError
from tee_infra.workflows.session.checkout import NAME as PROJECT
from tests.emulator import reset
from tests.workflows.homes import NOW, REPOSITORY, client, make_table, moto_home, record_of

NAME = "feature-x"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def home(moto_endpoint: str, tmp_path: Path, said: list[str]) -> Home:
    reset(moto_endpoint)
    return moto_home(moto_endpoint, tmp_path, said)


def wish(branch: str = "feature/x", **fields: Any) -> Wish:
    return Wish(environment=NAME, repository=REPOSITORY, branch=branch, owner="ann", **fields)


def create(home: Home, wanted: Wish) -> None:
    create_feature(home, wanted, NOW, None, lambda _: None)


def leave_state(home: Home, branch: str | None) -> None:
    """A stack whose resources carry the tags of `branch`; None: it has no provider yet."""
    resources: list[dict[str, Any]] = [{"urn": "urn::table", "custom": True, "type": "aws:dynamodb/table:Table"}]
    if branch is not None:
        lease = {"branch": branch, "expires_at": "2026-12-02T00:00:00Z"}
        settings = settings_for(parse_environment(NAME), {"name": NAME, "owner": "ann", **lease})
        tags = {"tags": render(parse_environment(NAME), settings, PROJECT)}
        provider = {"type": "pulumi:providers:aws", "inputs": {"defaultTags": json.dumps(tags)}}
        resources.append({"urn": "urn::provider", "custom": True, **provider})
    write_state(home, {"version": 3, "checkpoint": {"latest": {"resources": resources}}})


def write_state(home: Home, document: Any) -> None:
    with home.state.write(checkpoint_file(PROJECT, NAME)) as file:
        file.write(json.dumps(document).encode())


def results(home: Home) -> list[str]:
    return [f"{entry.action} {entry.result}" for entry in home.control.history(NAME)]


def test_what_is_refused_leaves_no_record_and_an_entry_that_says_so(home: Home) -> None:
    gone = home.control.write(record_of(NAME, state="destroyed", destroyed_at=NOW))
    with pytest.raises(GoneError):
        create(home, wish(revive=False))
    assert home.control.record(NAME) == gone
    assert results(home) == ["create begun", "create refused"]
    assert home.locks.live() == {}


def test_another_branch_of_the_same_name_is_refused(home: Home) -> None:
    bound = home.control.write(record_of(NAME))
    with pytest.raises(BoundElsewhereError, match=r"'feature/x' .* 'x'"):
        create(home, wish("x"))
    assert home.control.record(NAME) == bound


def test_a_stack_file_makes_it_one_that_stands(home: Home) -> None:
    (home.project.directory / "Pulumi.feature-x.yaml").touch()
    with pytest.raises(StackFileError, match=r"use tee-infra up feature-x, or remove the file"):
        create(home, wish())
    assert home.control.record(NAME) is None


def test_the_quota_is_looked_at_before_anything_is_written(home: Home) -> None:
    few = home.host.model_copy(update={"max_feature_environments": 1})
    small = Home(**{**vars(home), "host": few})
    small.control.write(record_of("feature-y"))
    with pytest.raises(QuotaError, match=r"the first to end is feature-y of ann, 1 h ago"):
        create(small, wish())
    assert small.control.record(NAME) is None
    small.control.write(record_of(NAME))
    assert decide(small, wish(), NOW).state == "active"


def test_whoever_is_second_hears_who_is_first(home: Home) -> None:
    home.locks.acquire(NAME, "bob on desk, process 7", "tee-infra feature destroy")
    with pytest.raises(LockedError, match="bob on desk, process 7"):
        create(home, wish())
    assert results(home) == []


def test_somebody_elses_data_is_not_taken_without_a_word(home: Home) -> None:
    with pytest.raises(NoSourceError):
        create(home, wish(seed="anonymised"))
    assert home.control.record(NAME) is None


def test_a_stack_that_the_registry_lost_is_adopted_by_its_branch_alone(home: Home, said: list[str]) -> None:
    leave_state(home, "feature/x")
    adopted = decide(home, wish(), NOW)
    assert (adopted.state, adopted.seeded, adopted.version) == ("creating", True, 0)
    assert any("adopted" in line for line in said)
    with pytest.raises(ForeignStackError, match=r"does not know, .* branch 'x'; .* tee-infra repair feature-x"):
        decide(home, wish("x"), NOW)


def test_a_stack_without_tags_is_nobodys(home: Home) -> None:
    leave_state(home, None)
    with pytest.raises(ForeignStackError):
        decide(home, wish(), NOW)


@pytest.mark.parametrize("document", [{"checkpoint": {"latest": {"resources": [{}]}}}, {}, None])
def test_a_state_that_cannot_be_read_is_left_as_it_is(home: Home, document: Any) -> None:
    write_state(home, document)
    with pytest.raises(BrokenStateError, match=r"nothing was changed\. Mend it: tee-infra repair feature-x"):
        decide(home, wish(), NOW)
    home.control.write(record_of(NAME))
    with pytest.raises(BrokenStateError):
        create(home, wish())
    assert results(home) == ["create begun", "create refused"]


def test_tables_that_no_stack_knows_are_not_touched(home: Home) -> None:
    make_table(client(home.connection, "dynamodb"), "feature-x-tee-admin", {})
    with pytest.raises(UnknownTablesError, match=r"feature-x has no state, but feature-x-tee-admin are there"):
        create(home, wish())
    assert home.control.record(NAME) is None


def test_an_empty_stack_is_a_beginning(home: Home) -> None:
    write_state(home, {"version": 3, "checkpoint": {"stack": NAME}})
    assert not decide(home, wish(), NOW).seeded
