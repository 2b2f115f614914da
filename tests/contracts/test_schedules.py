"""The schedules for teams without GitHub: their commands parse, and systemd itself finds nothing wrong."""

import re
import shlex
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.contracts.test_docs import parse
from tests.support.checkout import COMMAND, ROOT
from tests.support.pipelines import event, runs

FOLDER = ROOT / "docs" / "schedules"
CHECKOUT = "/srv/tee-admin"
SAME = runs("cleanup", event("schedule", "refs/heads/main", {}))[0].command.removeprefix(".venv/bin/")


def unit(name: str) -> ConfigParser:
    """A unit's sections. A key that stands twice keeps its last value here."""
    parser = ConfigParser(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # pyright: ignore[reportAttributeAccessIssue]
    parser.read_string((FOLDER / name).read_text())
    return parser


def crontab_line() -> str:
    (line,) = [line for line in (FOLDER / "crontab").read_text().splitlines() if not line.startswith("#")]
    return line


def test_every_schedule_runs_what_the_workflow_runs() -> None:
    assert unit("tee-infra-cleanup.service")["Service"]["ExecStart"] == f"{CHECKOUT}/.venv/bin/{SAME}"
    assert f" .venv/bin/{SAME} >>" in crontab_line()
    parse(shlex.split(SAME)[1:])


def test_the_crontab_line_is_whole() -> None:
    fields = crontab_line().split(maxsplit=5)
    assert all(re.fullmatch(r"[\d*/,-]+", field) for field in fields[:5])
    assert "%" not in fields[5]  # cron makes it a new line
    subprocess.run(["sh", "-n", "-c", fields[5]], check=True, timeout=10)


def test_the_timer_starts_the_service_every_hour_also_after_a_pause() -> None:
    timer = unit("tee-infra-cleanup.timer")
    assert (timer["Timer"]["OnCalendar"], timer["Timer"]["Persistent"]) == ("*-*-* *:17:00", "true")
    assert timer["Install"]["WantedBy"] == "timers.target"


def test_the_service_is_hardened_and_stops_cleanly() -> None:
    service = unit("tee-infra-cleanup.service")["Service"]
    for setting in ("NoNewPrivileges", "PrivateTmp", "ProtectHome", "ProtectKernelModules", "RestrictNamespaces"):
        assert service[setting] == "yes", setting
    assert (service["ProtectSystem"], service["CapabilityBoundingSet"], service["KillMode"]) == ("strict", "", "mixed")
    assert service["User"] not in ("", "root")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="the tests above read the units without systemd")
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    service = (FOLDER / "tee-infra-cleanup.service").read_text()
    here = service.replace(f"{CHECKOUT}/.venv/bin/tee-infra", str(COMMAND)).replace(CHECKOUT, str(tmp_path))
    (tmp_path / "tee-infra-cleanup.service").write_text(here)
    shutil.copy(FOLDER / "tee-infra-cleanup.timer", tmp_path)
    for command in (
        ["verify", *map(str, sorted(tmp_path.iterdir()))],
        ["security", "--offline=true", "--threshold=20", str(tmp_path / "tee-infra-cleanup.service")],
    ):
        checked = subprocess.run(["systemd-analyze", *command], capture_output=True, text=True, timeout=30, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert not checked.stderr
