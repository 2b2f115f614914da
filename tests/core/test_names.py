import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tee_infra.core import names
from tee_infra.core.environments import parse_environment

REPOSITORY = "acme/tee-admin"

# What git check-ref-format lets through, near enough: printable, without the characters and sequences it forbids.
branches = (
    st.text(st.characters(min_codepoint=33, exclude_characters="~^:?*[\\\x7f", exclude_categories=["Cs", "Cc"]))
    .filter(lambda text: not names.ref_problem(text))
    .filter(lambda text: text.removeprefix("feature/").lower() not in names.RESERVED_SLUGS)
)
slugs = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,4}", fullmatch=True)


@pytest.mark.parametrize(
    ("branch", "environment"),
    [
        ("feature/new-auth", "feature-new-auth"),
        ("new-auth", "feature-new-auth"),
        ("feature/" + "a" * 32, "feature-" + "a" * 32),
        ("feature/abcdef", "feature-abcdef"),
        ("42", "feature-42"),
    ],
)
def test_a_plain_branch_keeps_its_name(branch: str, environment: str) -> None:
    assert names.feature_environment(branch, REPOSITORY) == environment


@pytest.mark.parametrize(
    ("branch", "stem"),
    [
        ("feature/New_Auth", "new-auth"),
        ("feature/feature/x", "feature-x"),
        ("feature/a--b", "a-b"),
        ("feature/ünïcode", "n-code"),
        ("feature/日本", "branch"),
        ("feature/looks-ab2cd7", "looks-ab2cd7"),
        ("feature/" + "a" * 33, "a" * 25),
    ],
)
def test_any_other_branch_gets_a_readable_stem_and_a_hash(branch: str, stem: str) -> None:
    assert re.fullmatch(rf"feature-{stem}-[a-z2-7]{{6}}", names.feature_environment(branch, REPOSITORY))


def test_the_hash_is_the_same_on_every_machine() -> None:
    assert names.feature_environment("feature/New_Auth", REPOSITORY) == "feature-new-auth-nznoqo"


def test_the_hash_depends_on_the_repository() -> None:
    assert names.feature_environment("A/b", "acme/one") != names.feature_environment("A/b", "acme/two")


@given(branches)
@example("feature/" + "é" * 300)
@example("-" * 40)
def test_every_branch_that_git_allows_has_a_well_formed_environment(branch: str) -> None:
    environment = names.feature_environment(branch, REPOSITORY)
    assert parse_environment(environment).is_feature
    assert len(environment) <= len(names.FEATURE_PREFIX) + names.SLUG_LENGTH


@given(slugs, branches)
def test_a_kept_name_never_meets_a_hashed_one(slug: str, other: str) -> None:
    if not names.is_plain_slug(slug) or names.is_plain_slug(other.removeprefix("feature/")):
        return
    assert names.feature_environment(slug, REPOSITORY) != names.feature_environment(other, REPOSITORY)


@given(st.sets(branches, min_size=2, max_size=50))
def test_branches_meet_only_where_they_differ_by_one_prefix(some: set[str]) -> None:
    by_environment: dict[str, set[str]] = {}
    for branch in some:
        by_environment.setdefault(names.feature_environment(branch, REPOSITORY), set()).add(branch)
    for meeting in by_environment.values():
        assert len({branch.removeprefix("feature/") for branch in meeting}) == 1


@pytest.mark.parametrize("branch", ["", "a b", "a..b", "a~1", "a:b", "a\\b", "a.lock", "/a", "a/", "a\n", "a@{1}", " ",
    "\u2003", "a/.b", "a.lock/b", "a\x7f", "a\udcff"])  # fmt: skip
def test_what_git_forbids_is_refused(branch: str) -> None:
    with pytest.raises(names.BranchNameError, match="git does not allow this branch name"):
        names.feature_environment(branch, REPOSITORY)


@pytest.mark.parametrize("branch", ["main", "feature/prod", "HEAD", "feature/Production", "all"])
def test_reserved_words_are_refused_with_the_reason(branch: str) -> None:
    with pytest.raises(names.BranchNameError, match="is reserved: "):
        names.feature_environment(branch, REPOSITORY)


def test_physical_names_are_as_the_app_expects_them() -> None:
    assert names.table("prod", "tee-admin") == "prod-tee-admin"
    assert names.table("feature-new-auth", "tee-admin") == "feature-new-auth-tee-admin"
    assert names.parameter("dev", "tables", "tee-admin") == "/tee/dev/tables/tee-admin"
