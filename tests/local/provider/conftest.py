from collections.abc import Iterator

import pytest

from tee_infra.local import EmbeddedAws
from tests.local.provider.engine_side import EngineSide


@pytest.fixture
def engine(running: EmbeddedAws) -> Iterator[EngineSide]:
    connection = EngineSide(running)
    yield connection
    connection.close()
