"""One embedded AWS for all tests of a worker that only use it; those that start and stop have their own."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tee_infra import local
from tee_infra.local import EmbeddedAws


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    directory = tmp_path_factory.mktemp("aws")
    yield local.start(directory)
    local.stop(directory)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """A directory whose embedded AWS, if a test starts one, ends with the test."""
    yield tmp_path
    local.stop(tmp_path)


@pytest.fixture
def own_port() -> int:
    """A port that nobody else chooses: outside the range of `ports.choose`, below those of outgoing connections."""
    return 10_000 + 2 * (uuid4().int % 10_000)
