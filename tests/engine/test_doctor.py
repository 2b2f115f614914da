import pytest

from tee_infra.engine import engine_findings, ensure_engine


@pytest.fixture
def findings(machine):
    return lambda: {finding.name: finding for finding in engine_findings(machine.environ)}


def test_on_a_bare_machine_each_missing_thing_comes_with_a_fix(machine, findings):
    found = findings()

    assert {name for name, finding in found.items() if not finding.ok} == {"Pulumi CLI", "language host", "Go"}
    assert all(finding.fix for finding in found.values() if not finding.ok)
    assert not machine.cache.exists()


def test_with_a_built_cli_all_is_well_without_go_too(machine, findings):
    go = machine.has_go()
    engine = ensure_engine(machine.environ, machine.reports.append)
    go.unlink()

    found = findings()

    assert all(finding.ok for finding in found.values())
    assert str(engine.command) in found["Pulumi CLI"].value
    assert found["language host"].value == str(engine.language_host)


def test_a_cli_whose_bytes_changed_is_damaged(machine, findings):
    machine.has_go()
    engine = ensure_engine(machine.environ, machine.reports.append)
    content = engine.command.read_text()
    engine.command.write_text(content.replace("echo", "exit"))

    found = findings()["Pulumi CLI"]

    assert not found.ok
    assert str(engine.command.parent.parent) in found.fix


def test_a_cli_on_path_without_language_host_says_what_to_do(machine, findings):
    command = machine.has_pulumi("v3.259.0")

    found = findings()

    assert found["Pulumi CLI"].ok
    assert not found["language host"].ok
    assert str(command.parent) in found["language host"].fix


def test_a_skipped_cli_on_path_is_named(machine, findings):
    command = machine.has_pulumi("v2.0.0")

    assert str(command) in findings()["Pulumi CLI"].value


def test_a_cache_that_cannot_be_written_is_named(machine, findings, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)

    assert "XDG_CACHE_HOME" in findings()["engine cache"].fix
