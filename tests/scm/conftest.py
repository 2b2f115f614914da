from pathlib import Path

import pytest

from tests.support.git_repositories import Clone, clone_in


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return clone_in(tmp_path)
