from tee_infra.cli.data.copy_progress import progress_line
from tee_infra.core.data.copy_policy import plan_table
from tee_infra.core.tables.description import TableFacts
from tee_infra.workflows.data.copy_table import CopyProgress

FACTS = TableFacts(name="staging-tee-admin", arn="", key_names=("pk",), key_types=("S",), items=1000, size=400_000)
PLAN = plan_table("tee-admin", FACTS, FACTS, transformed=False, bucket=False)


def test_says_what_is_done_how_fast_and_how_long_it_will_take() -> None:
    at = CopyProgress(items=250, size=100_000, units=300.0, throttled=3, seconds=2.0)
    assert progress_line(PLAN, at) == "tee-admin: 250 items, 0.1 MB, 150 units/s, 3 throttled, 6 s left"


def test_an_estimate_that_is_passed_says_nothing_about_time() -> None:
    at = CopyProgress(items=2000, size=800_000, units=0.0, throttled=0, seconds=0.0)
    assert progress_line(PLAN, at) == "tee-admin: 2,000 items, 0.8 MB, 0 units/s"
