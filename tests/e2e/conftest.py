from collections.abc import Iterator
from pathlib import Path

import pytest

from tee_infra.workflows.features.context import FeatureContext
from tests.support.checkout import Checkout, checkout_in
from tests.support.features import home_of


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    """A fresh checkout with nothing running."""
    with checkout_in(tmp_path) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A checkout with dev up, for tests that only look."""
    with checkout_in(tmp_path_factory.mktemp("shared")) as common:
        done = common.tee("up", "dev", "--yes")
        assert done.code == 0, done.err
        yield common


@pytest.fixture(scope="session")
def lifecycle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A checkout whose embedded AWS runs, for tests with feature environments of names of their own.

    They have the mark `xdist_group("lifecycle")`, and whatever one leaves has a lease that goes on at `features.NOW`.
    """
    with checkout_in(tmp_path_factory.mktemp("lifecycle")) as common:
        assert common.tee("local", "start").code == 0
        yield common


@pytest.fixture
def said() -> list[str]:
    """What `context` has reported."""
    return []


@pytest.fixture
def context(checkout: Checkout, said: list[str]) -> FeatureContext:
    """The home of the checkout, in this process."""
    return home_of(checkout, said)
