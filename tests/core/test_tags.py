import re

from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core import tags
from tee_infra.core.environments import parse_environment
from tee_infra.core.settings import settings_for


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
