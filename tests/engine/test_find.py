import subprocess
import sys

import pytest

from tee_infra.engine import ensure_engine, find_engine
from tee_infra.engine.cache import MANIFEST
from tee_infra.engine.find import MINIMUM_VERSION, accepted_range, is_accepted, look_on_path
from tee_infra.engine.pins import built_version


@pytest.fixture
def built(machine):
    machine.has_go()
    return ensure_engine(machine.environ, machine.reports.append)


def test_nothing_is_found_and_nothing_is_made_on_a_bare_machine(machine):
    assert find_engine(machine.environ) is None
    assert not machine.cache.exists()


@pytest.mark.parametrize("answer", ["v3.259.0", "3.1.0", "v3.300.1-alpha.1+abc"])
def test_a_version_on_path_that_the_sdk_accepts_is_used(machine, answer):
    command = machine.has_pulumi(answer)

    engine = find_engine(machine.environ)

    assert engine is not None
    assert (engine.command, engine.version, engine.source) == (command, answer.removeprefix("v"), "path")


@pytest.mark.parametrize("answer", ["v3.0.9", "v2.25.0", "v4.0.0", "", "Segmentation fault"])
def test_another_version_on_path_is_skipped_with_the_reason(machine, answer):
    command = machine.has_pulumi(answer)

    assert find_engine(machine.environ) is None
    skipped = look_on_path(machine.environ).skipped
    assert str(command) in skipped
    assert (answer.removeprefix("v") or "unknown") in skipped
    assert "3.1.0 or later, below 4" in skipped


@pytest.mark.parametrize("script", ["\x7fELF garbage", "#!/no/such/interpreter\n", "#!/bin/sh\nexit 3\n"])
def test_a_program_on_path_that_does_not_run_is_skipped(machine, script):
    machine.has("pulumi", script)

    assert find_engine(machine.environ) is None
    assert "does not answer" in look_on_path(machine.environ).skipped


def test_a_cli_in_the_cache_is_found_without_starting_it(machine, built):
    built.command.write_text(built.command.read_text().replace("echo", "exit"))

    assert find_engine(machine.environ) == built


def test_a_cli_in_the_cache_is_found_without_starting_it_when_it_is_on_path(machine, built):
    built.command.write_text(built.command.read_text().replace("echo", "exit"))
    environ = machine.environ | {"PATH": f"{built.command.parent}:{machine.environ['PATH']}"}

    assert find_engine(environ) == built


def test_path_goes_before_the_cache(machine, built):
    command = machine.has_pulumi("v3.200.0")

    engine = find_engine(machine.environ)

    assert built.source == "built"
    assert engine is not None
    assert engine.command == command


@pytest.mark.parametrize("damage", ["truncated", "other recipe", "no manifest", "garbage", "list", "no command"])
def test_a_cli_that_does_not_fit_its_manifest_is_not_used(machine, built, damage):
    manifest = built.command.parent.parent / MANIFEST
    match damage:
        case "truncated":
            built.command.write_text("#!/bin/sh\n")
        case "other recipe":
            manifest.write_text(manifest.read_text().replace('"recipe": "', '"recipe": "0'))
        case "no manifest":
            manifest.unlink()
        case "garbage":
            manifest.write_text("{")
        case "list":
            manifest.write_text("[]")
        case _:
            built.command.unlink()

    assert find_engine(machine.environ) is None


def test_the_language_host_is_the_one_beside_the_real_binary(machine, tmp_path):
    real = tmp_path / "opt"
    real.mkdir()
    host = real / "pulumi-language-python"
    host.touch(mode=0o755)
    machine.has_pulumi("v3.259.0").rename(real / "pulumi")
    (machine.bin / "pulumi").symlink_to(real / "pulumi")

    engine = find_engine(machine.environ)

    assert engine is not None
    assert engine.language_host == host


def test_a_language_host_on_path_goes_first_and_may_be_missing(machine):
    machine.has_pulumi("v3.259.0")
    without = find_engine(machine.environ)
    host = machine.has("pulumi-language-python", "#!/bin/sh\n")
    with_host = find_engine(machine.environ)

    assert without is not None
    assert without.language_host is None
    assert with_host is not None
    assert with_host.language_host == host


def test_a_relative_cache_folder_is_ignored(machine, tmp_path):
    machine.environ["XDG_CACHE_HOME"] = "relative"
    machine.has_go()

    engine = ensure_engine(machine.environ, machine.reports.append)

    assert engine.command.is_relative_to(tmp_path / "home" / ".cache" / "tee-infra")


def test_the_rule_is_the_sdks_own():
    from pulumi.automation._minimum_version import _MINIMUM_VERSION

    assert _MINIMUM_VERSION.to_tuple()[:3] == MINIMUM_VERSION
    assert is_accepted(built_version())
    assert accepted_range()


def test_importing_the_engine_imports_neither_pulumi_nor_grpc():
    code = "import sys, tee_infra.engine; print(sorted({'pulumi', 'grpc', 'pydantic', 'click'} & sys.modules.keys()))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"
