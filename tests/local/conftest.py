"""One embedded AWS for all tests of a worker that only use it; those that start and stop have their own."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tee_infra.local import EmbeddedAws
from tests.support.checkout import end_embedded_aws
from tests.support.prepared import Prepared


@pytest.fixture
def running(prepared: Prepared) -> EmbeddedAws:
    return prepared.running()


@pytest.fixture
def alone(prepared: Prepared) -> EmbeddedAws:
    """It with nothing in it."""
    return prepared.empty()


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """A directory whose embedded AWS, if a test starts one, ends with the test."""
    yield tmp_path
    end_embedded_aws(tmp_path)


@pytest.fixture
def own_port() -> int:
    """A port that nobody else chooses: outside the range of `ports.choose`, below those of outgoing connections."""
    return 10_000 + 2 * (uuid4().int % 10_000)
