"""The journal: what a run that resumes goes by."""

from tee_infra.core.cutover.journal import (
    BarrierPassed,
    PositionTaken,
    Quarantined,
    Released,
    SegmentCopied,
    SegmentSwept,
    ShardFinished,
    ShardRead,
    resume,
)
from tee_infra.core.cutover.requests import Position, Side

BEGUN = (PositionTaken(Position({"s0": "3"}), ()), SegmentCopied(0, b"k"), SegmentCopied(1, b""), BarrierPassed())


def test_an_empty_journal_has_no_position() -> None:
    assert not resume(2, ()).positioned


def test_a_run_resumes_behind_what_is_acknowledged() -> None:
    progress = resume(2, (*BEGUN, ShardRead("s0", "5")))
    assert progress.positioned
    assert progress.barrier
    assert progress.copied == {0: b"k", 1: b""}
    assert progress.shards == {"s0": "5"}


def test_children_begin_at_their_oldest_record() -> None:
    assert resume(1, (*BEGUN, ShardFinished("s0", ("s1", "s2")))).shards == {"s1": None, "s2": None}


def test_a_new_position_replaces_shards_and_begins_its_sweeps() -> None:
    progress = resume(
        2,
        (
            *BEGUN,
            PositionTaken(Position({"s7": None}), (Side.SOURCE, Side.TARGET)),
            SegmentSwept((Side.SOURCE, 0), b"k"),
            SegmentSwept((Side.TARGET, 1), b""),
        ),
    )
    assert progress.shards == {"s7": None}
    assert progress.sweeps == {(Side.SOURCE, 0): b"k", (Side.SOURCE, 1): b"", (Side.TARGET, 0): b""}
    assert progress.barrier


def test_a_key_leaves_quarantine() -> None:
    entries = (Quarantined(b"a", "refused"), Quarantined(b"b", "refused"), Released(b"a"))
    assert resume(1, entries).quarantine == {b"b": "refused"}


def test_a_repeated_entry_changes_nothing() -> None:
    entries = (*BEGUN, ShardRead("s0", "5"), ShardFinished("s0", ("s1",)), Quarantined(b"a", "refused"))
    repeated = [entry for entry in entries for _ in range(2)]
    assert resume(2, repeated) == resume(2, entries)
