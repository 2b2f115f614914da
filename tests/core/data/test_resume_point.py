import pytest
from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.codec.digest import Signature
from tee_infra.core.data.resume_point import (
    ForeignResumePointError,
    Header,
    header_line,
    position_line,
    read_resume_point,
)

HEADER = Header("here", "there", (("a", "b"),), 4)
signatures = st.builds(Signature, st.integers(0, 10**9), st.integers(0, (1 << 128) - 1))
positions = st.tuples(
    st.sampled_from("ab"), st.integers(0, 3), st.sampled_from([b"", b'{"pk":{"S":"\xc3\xa9"}}']), signatures
)


@given(st.lists(positions, max_size=8), st.data())
def test_a_file_cut_off_anywhere_says_no_more_than_was_done(found: list, data: st.DataObject) -> None:
    lines = [position_line(table, segment, key, signature.count, signature) for table, segment, key, signature in found]
    whole = header_line(HEADER) + b"".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    state = read_resume_point(whole[:cut].splitlines(keepends=True), HEADER)
    complete = found[: max(0, whole[:cut].count(b"\n") - 1)]
    expected = {(table, segment): (key, signature) for table, segment, key, signature in complete}
    assert {place: (at.last_key.encode(), at.signature) for place, at in state.positions.items()} == expected
    assert all(at.done == (not at.last_key) for at in state.positions.values())


def test_the_number_of_segments_is_the_file_s() -> None:
    state = read_resume_point([header_line(HEADER)], Header("here", "there", (("a", "b"),), 99))
    assert state.header.segments == 4
    assert read_resume_point([], HEADER).header == HEADER


def test_another_copy_s_checkpoint_is_refused() -> None:
    with pytest.raises(ForeignResumePointError, match="source 'here' is not 'elsewhere'"):
        read_resume_point([header_line(HEADER)], Header("elsewhere", "there", (("a", "b"),), 4))
