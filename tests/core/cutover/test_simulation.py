"""Replication in virtual time: crashes, lost and late writes, splits and lost records; each seed decides one run.

`python -m bench.simulation` runs more seeds, and with `--broken` prints the first seed from 0 that finds each rule.
"""

import pytest

from tests.support.cutover_broken import BROKEN, broken
from tests.support.cutover_simulation import simulate

SEEDS = range(400)
FIRST_FOUND = {
    "no barrier": 2272,
    "no read-through": 5,
    "position after the scan": 10,
    "repair past the lane": 17,
    "several lanes for one key": 898,
    "no wait after a crash": 1792,
    "no wait after a lost write": 909,
    "journal before the lane": 34,
    "target's own keys ignored": 48,
    "lost records ignored": 74,
    "lost records, source's keys only": 245,
    "shards from their tip": 30,
    "a child's lost records unnoticed": 245,
    "an empty page as proof": 3,
}
"""The first seed with a violation for each broken rule; a change of the simulator moves them."""


def test_the_target_ends_as_the_source() -> None:
    outcomes = [simulate(seed) for seed in SEEDS]
    assert [outcome for outcome in outcomes if outcome.violation] == []
    assert sum(outcome.lives > 1 for outcome in outcomes) > 40
    assert sum(outcome.generations > 1 for outcome in outcomes) > 40


def test_a_seed_is_one_run() -> None:
    assert [simulate(seed) for seed in range(40)] == [simulate(seed) for seed in range(40)]


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_found_within_10_000_seeds(rule: str) -> None:
    seed = FIRST_FOUND[rule]
    assert seed < 10_000
    assert simulate(seed).violation is None
    with broken(BROKEN[rule]):
        assert simulate(seed).violation is not None
