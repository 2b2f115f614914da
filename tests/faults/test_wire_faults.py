"""Whatever goes wrong on the wire: the copy is whole, or it says that it is not, at once and in one line.

The whole table takes minutes: `python -m bench.wire_faults`.
"""

from pathlib import Path

import pytest

from tests.faults.wire import PLACES, SLOW
from tests.faults.wire_case import run_case

CASES = [(place, name) for place, (faults, _) in PLACES.items() for name in faults]


@pytest.mark.parametrize(("place", "name"), [case for case in CASES if case[1] not in SLOW and case[0] != "target"])
def test_a_fault_in_every_answer(place: str, name: str, tmp_path: Path) -> None:
    outcome = run_case(place, name, 0, 1.0, tmp_path)
    assert outcome.kind in {"copied", "differs", "error"}, outcome
    assert outcome.seconds < 5, outcome


@pytest.mark.parametrize("name", sorted(SLOW)[::4])
def test_a_fault_that_may_pass_ends_after_a_while(name: str, tmp_path: Path) -> None:
    outcome = run_case("source", name, 0, 1.0, tmp_path)
    assert outcome.kind == "error", outcome


@pytest.mark.parametrize("place", PLACES)
def test_faults_now_and_then(place: str, tmp_path: Path) -> None:
    for seed, name in enumerate(sorted(set(PLACES[place][0]) - SLOW)[::6]):
        outcome = run_case(place, name, seed, 0.2, tmp_path)
        assert outcome.kind in {"copied", "differs", "error"}, (name, outcome)


def test_the_table_is_as_long_as_it_says() -> None:
    assert len({name for _, name in CASES}) >= 50
