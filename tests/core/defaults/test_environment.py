"""Without ENV: the branch's environment, then TEE_ENV, then dev; production only for a command that reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.defaults.environment import (
    DefaultIsProductionError,
    NoBranchError,
    NoFeatureHereError,
    branch_environment,
    branch_to_create,
    default_environment,
    default_feature,
)
from tee_infra.core.environments import ALIASES, PERMANENT, UnknownEnvironmentError, parse_environment

REPOSITORY = "example/app"
X = parse_environment("feature-x")
VARIABLES = [None, "", *PERMANENT, *ALIASES, "prod-v2", "feature-y", "qa"]


@pytest.mark.parametrize(
    ("branch", "own", "variable", "line"),
    [
        ("feature/x", X, "staging", "environment: feature-x (of the branch feature/x)"),
        ("feature/x", None, "stage", "environment: staging (from TEE_ENV)"),
        ("main", None, "feature-y", "environment: feature-y (from TEE_ENV)"),
        ("main", None, "", "environment: dev (the default; the branch main has none)"),
        (None, None, None, "environment: dev (the default)"),
    ],
)
def test_the_first_that_is_there_counts(branch, own, variable: str | None, line: str) -> None:
    assert default_environment(branch, own, variable, reads=False).line() == line


@given(st.sampled_from([None, X]), st.sampled_from(VARIABLES), st.booleans())
def test_nothing_but_a_reader_is_on_production_by_default(own, variable: str | None, reads: bool) -> None:
    try:
        found = default_environment("feature/x", own, variable, reads=reads).environment
    except DefaultIsProductionError:
        assert not reads
        assert variable
    except UnknownEnvironmentError:
        assert variable == "qa"
    else:
        assert reads or not found.kind.production
        assert own is None or found == own


@given(st.sampled_from([None, X]), st.sampled_from(VARIABLES))
def test_a_command_about_branches_gets_a_branchs_environment(own, variable: str | None) -> None:
    try:
        assert default_feature("main", own, variable).environment.is_feature
    except NoFeatureHereError:
        assert own is None
    except UnknownEnvironmentError:
        assert variable == "qa"


@pytest.mark.parametrize(
    ("branch", "name"),
    [
        ("feature/x", "feature-x"),
        ("x", "feature-x"),
        *((branch, None) for branch in (None, "main", "feature/prod", "HEAD", "refs/heads/x", "a\\xff", "-x", "")),
    ],
)
def test_a_trunk_or_a_name_that_is_none_has_no_environment(branch: str | None, name: str | None) -> None:
    found = branch_environment(branch, REPOSITORY)
    assert (found.name if found else None) == name


def test_no_branch_and_no_trunk_gets_an_environment_unasked() -> None:
    assert branch_to_create("feature/x", "develop") == "feature/x"
    for branch, trunk in ((None, None), ("main", None), ("master", None), ("develop", "develop")):
        with pytest.raises(NoBranchError, match="--branch is not given"):
            branch_to_create(branch, trunk)
