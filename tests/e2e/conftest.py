from collections.abc import Iterator
from pathlib import Path

import pytest

from tee_infra.workflows.features.context import FeatureContext
from tests.support.checkout import Checkout, checkout_in
from tests.support.features import FeatureUp, home_of
from tests.support.prepared import DEV_UP, FEATURE_UP, PROD_UP, STARTED, Prepared


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A fresh checkout with nothing running, whose commands are processes."""
    with checkout_in(tmp_path_factory.mktemp("fresh")) as made:
        yield made


@pytest.fixture
def checkout(prepared: Prepared, tmp_path: Path) -> Checkout:
    """A checkout with a running embedded AWS, as `tee-infra local start` leaves it."""
    return prepared.checkout(tmp_path, STARTED)


@pytest.fixture
def dev_up(prepared: Prepared, tmp_path: Path) -> Checkout:
    """The same with dev up."""
    return prepared.checkout(tmp_path, DEV_UP)


@pytest.fixture
def prod_up(prepared: Prepared, tmp_path: Path) -> Checkout:
    """The same with dev and prod up."""
    return prepared.checkout(tmp_path, PROD_UP)


@pytest.fixture
def feature_up(prepared: Prepared, tmp_path: Path, said: list[str]) -> FeatureUp:
    """A checkout with feature-x up, whose lease of three days began at `T0`, and its home in this process."""
    checkout = prepared.checkout(tmp_path, FEATURE_UP)
    return checkout, home_of(checkout, said)


@pytest.fixture
def said() -> list[str]:
    """What `context` has reported."""
    return []


@pytest.fixture
def context(checkout: Checkout, said: list[str]) -> FeatureContext:
    """The home of the checkout, in this process."""
    return home_of(checkout, said)
