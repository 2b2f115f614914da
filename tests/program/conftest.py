import pytest

from tests.support.recording import Run, standard

ENVIRONMENTS = ("dev", "staging", "prod", "test", "prod-v2", "feature-new-auth")
LONGEST = "feature-" + "a" * 32


@pytest.fixture(scope="module", params=[*ENVIRONMENTS, LONGEST])
def any_run(request: pytest.FixtureRequest) -> Run:
    """A run of every kind of environment."""
    return standard(request.param)
