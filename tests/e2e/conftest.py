from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.checkout import Checkout, checkout_in


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
