import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core import tags
from tee_infra.core.environments import LEGACY_SLOT, UnknownEnvironmentError, parse_environment
from tee_infra.core.settings import settings_for
from tee_infra.core.tags import StackTags, parse
from tee_infra.core.times import render_time
from tee_infra.core.unreadable import Unreadable

FEATURE = "feature-x"
ENVIRONMENTS = st.from_regex(r"(dev|staging|prod|test|prod-v[1-9]|feature-[a-z]{1,8})", fullmatch=True)
TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
READ = ["environment", "managed-by", "stack", "expires-at"]


def rendered(stack: str, **config: str) -> dict[str, str]:
    environment = parse_environment(stack)
    settings = settings_for(environment, {"name": stack, "owner": "platform", **config})
    return tags.render(environment, settings, "tee-infra")


def test_a_standing_environment_says_whose_it_is() -> None:
    assert rendered("prod-v2") == {
        "tee:environment": "prod-v2",
        "tee:kind": "prod",
        "tee:owner": "platform",
        "tee:managed-by": "pulumi",
        "tee:stack": "tee-infra/prod-v2",
    }


def test_a_feature_environment_says_which_branch_and_until_when_in_utc() -> None:
    found = rendered("feature-x", branch="feature/x", expires_at="2026-12-01T01:30:00+02:00")
    assert found["tee:branch"] == "feature/x"
    assert found["tee:expires-at"] == "2026-11-30T23:30:00Z"


@given(st.text(min_size=1, max_size=300))
def test_every_branch_gives_a_value_that_iam_accepts(branch: str) -> None:
    value = rendered("feature-x", branch=branch, expires_at="2026-12-01T00:00:00Z")["tee:branch"]
    assert len(value) <= 256
    assert re.fullmatch(r"[\w\s_.:/=+\-@]*", value)


@given(ENVIRONMENTS, TIMES)
def test_what_is_rendered_is_read_back(name: str, time: datetime) -> None:
    end = time.replace(microsecond=0)
    feature = {"branch": "b", "expires_at": render_time(end)} if name.startswith("feature") else {}
    found = parse(rendered(name, **feature), "tee-infra")
    expires_at = end if feature else None
    assert found == StackTags(environment=parse_environment(name), stack=f"tee-infra/{name}", expires_at=expires_at)


def test_the_stack_of_the_bare_tables_is_read_back_as_productions() -> None:
    settings = settings_for(parse_environment("prod"), {"name": "prod", "owner": "platform"})
    found = parse(tags.render(LEGACY_SLOT, settings, "tee-infra"), "tee-infra")
    assert found == StackTags(environment=LEGACY_SLOT, stack="tee-infra/legacy")
    assert not LEGACY_SLOT.is_feature
    with pytest.raises(UnknownEnvironmentError):
        parse_environment("legacy")


def of_a_feature() -> dict[str, str]:
    return rendered(FEATURE, branch="b", expires_at="2026-12-01T00:00:00Z")


@pytest.mark.parametrize("tag", READ)
def test_a_missing_tag_makes_it_unreadable_and_is_named(tag: str) -> None:
    tags_without = {key: value for key, value in of_a_feature().items() if key != f"tee:{tag}"}
    assert parse(tags_without, "tee-infra") == Unreadable(reason=f"tag tee:{tag} is missing")


@given(st.sampled_from(READ), st.text() | st.sampled_from(["feature-y", "prod", "tee-infra/feature-y"]))
def test_any_other_value_contradicts_and_makes_it_unreadable(tag: str, value: str) -> None:
    assert isinstance(parse(of_a_feature() | {f"tee:{tag}": value}, "tee-infra"), Unreadable)


def test_another_projects_stack_is_not_ours_to_decide_about() -> None:
    assert isinstance(parse(of_a_feature(), "another"), Unreadable)


@pytest.mark.parametrize("foreign", [{}, {"Name": "x", "environment": FEATURE}])
def test_without_any_tag_of_ours_nothing_is_said(foreign: dict[str, str]) -> None:
    assert parse(foreign, "tee-infra") is None
