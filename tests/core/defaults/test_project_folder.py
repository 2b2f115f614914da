"""The project's folder is one that was found, the nearest one, and never one of several."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.defaults.project_folder import NoProjectError, SeveralProjectsError, project_folder

ALL = [Path("/"), *(Path(path) for path in ("/a", "/a/b", "/a/b/c", "/a/x", "/a/b/x", "/a/b/c/x", "/a/b/x/y"))]
START = Path("/a/b/c")


@given(st.sets(st.sampled_from(ALL)), st.sampled_from([None, *START.parents, START]))
def test_it_is_the_nearest_around_the_command_in_the_repository_then_the_only_one_inside_then_one_around(
    projects: set[Path], repository: Path | None
) -> None:
    around = [folder for folder in (START, *START.parents) if folder in projects]
    inside = [folder for folder in projects if repository and folder.is_relative_to(repository)]
    near = [folder for folder in around if folder in inside]

    def found() -> Path:
        return project_folder(START, around=around, repository=repository, inside=lambda: inside)

    if not around and not inside:
        with pytest.raises(NoProjectError):
            found()
    elif not near and len(inside) > 1:
        with pytest.raises(SeveralProjectsError) as refused:
            found()
        assert refused.value.folders == sorted(map(str, inside))
    else:
        assert found() == (near or inside or around)[0]


def test_the_repository_is_searched_only_where_it_decides() -> None:
    def never() -> list[Path]:
        return pytest.fail("searched")

    assert project_folder(START, around=[Path("/a/b")], repository=Path("/a"), inside=never) == Path("/a/b")
    with pytest.raises(NoProjectError, match=r"/a/b/c: no .* 'tee-infra' here or above"):
        project_folder(START, around=[], repository=None, inside=never)
