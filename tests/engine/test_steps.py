import os
import sys

import pytest

from tee_infra.engine import steps
from tee_infra.engine.progress import Progress
from tee_infra.engine.steps import Step, StepError, run_step
from tests.engine.waiting import is_running, until


@pytest.fixture
def step(tmp_path):
    def step(code, **changes):
        settings = {"limit_seconds": 20.0, "environ": dict(os.environ), "folder": tmp_path} | changes
        return Step(doing="testing", command=[sys.executable, "-c", code], **settings)

    return step


@pytest.fixture
def often(monkeypatch):
    monkeypatch.setattr(steps, "REPORT_SECONDS", 0.05)


def test_it_reports_what_it_does_a_count_and_the_time(step, often):
    reports = []

    run_step(
        step("import time; print('a', flush=True); time.sleep(1)", tally=lambda lines: f"{len(lines)} lines"),
        reports.append,
    )

    assert reports[0] == "testing …"
    assert reports[-1].startswith("testing, 1 lines, ")
    assert all(isinstance(line, Progress) for line in reports)


def test_a_failure_says_the_last_line(step):
    with pytest.raises(StepError, match=r"^testing: the reason$"):
        run_step(step("print('noise'); print('the reason'); print(); raise SystemExit(1)"), list)


def test_a_silent_failure_says_the_exit_code(step):
    with pytest.raises(StepError, match="exit code 7"):
        run_step(step("raise SystemExit(7)"), list)


def test_a_program_that_is_not_there_is_a_failure(step, tmp_path):
    missing = Step(doing="testing", command=["/no/such/program"], environ={}, limit_seconds=1, folder=tmp_path)

    with pytest.raises(StepError, match="No such file"):
        run_step(missing, list)


def test_it_ends_at_its_limit_with_all_that_it_started(step, often, tmp_path):
    grandchild = "import subprocess; print(subprocess.Popen(['sleep', '60']).pid, file=open('pid', 'w'), flush=True); "

    with pytest.raises(StepError, match="not finished after 1 s"):
        run_step(step(grandchild + "import time; time.sleep(60)", limit_seconds=1.0), list)

    pid = int((tmp_path / "pid").read_text())
    until(lambda: not is_running(pid))
