"""Replication in virtual time: crashes, lost and late writes, splits and lost records; each seed decides one run.

`python -m bench.simulation` runs more seeds, and with `--broken` searches each broken rule's first seed from 0.
"""


from tests.support.cutover_simulation import simulate

SEEDS = range(300)


def test_the_target_ends_as_the_source() -> None:
    outcomes = [simulate(seed) for seed in SEEDS]
    assert [outcome for outcome in outcomes if outcome.violation] == []
    assert sum(outcome.lives > 1 for outcome in outcomes) > 30
    assert sum(outcome.generations > 1 for outcome in outcomes) > 30


def test_a_seed_is_one_run() -> None:
    assert [simulate(seed) for seed in range(20)] == [simulate(seed) for seed in range(20)]
