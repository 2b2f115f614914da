"""A machine made of fakes in a temporary folder, and the real engine for the tests that need it."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tee_infra.engine import Engine, find_engine
from tee_infra.engine.pins import built_version

INSTALLER = """
import os, pathlib
class PulumiCommand:
    @classmethod
    def install(cls, root):
        if os.environ.get("FAKE_INSTALLER") != "works":
            raise OSError("no network here")
        command = pathlib.Path(root, "bin", "pulumi")
        command.parent.mkdir(parents=True)
        command.write_text("#!/bin/sh\\necho v9.9.9\\n")
        command.chmod(0o755)
"""

GO = """#!/bin/sh
case $1 in
version) echo "go version go{version} linux/amd64" ;;
list) echo "{sdk}" ;;
build)
    echo "$$" >> "{log}"
    echo "go: downloading example.com/a v1.0.0" >&2
    echo "example.com/b" >&2
    {build}
    printf '#!/bin/sh\\necho v{makes}\\n' > "$4"
    chmod +x "$4" ;;
esac
"""


@dataclass
class Machine:
    """Programs on a PATH of its own, a home, a cache, and an official installer without network."""

    root: Path
    environ: dict[str, str]
    reports: list[str] = field(default_factory=list)

    @property
    def bin(self) -> Path:
        return self.root / "bin"

    @property
    def cache(self) -> Path:
        return Path(self.environ["XDG_CACHE_HOME"], "tee-infra", "engine")

    @property
    def builds(self) -> int:
        log = self.root / "builds"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def has(self, name: str, script: str) -> Path:
        """Put a program on PATH."""
        program = self.bin / name
        program.write_text(script)
        program.chmod(0o755)
        return program

    def has_pulumi(self, answer: str) -> Path:
        return self.has("pulumi", f"#!/bin/sh\necho '{answer}'\n")

    def has_go(self, *, version: str = "1.26.6", build: str = ":", makes: str = built_version()) -> Path:
        sdk = self.root / "sdk"
        executor = sdk / "python" / "cmd" / "pulumi-language-python-exec"
        executor.parent.mkdir(parents=True, exist_ok=True)
        executor.write_text("# the executor\n")
        log = self.root / "builds"
        return self.has("go", GO.format(version=version, sdk=sdk, log=log, build=build, makes=makes))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "bin").mkdir()
    (tmp_path / "home").mkdir()
    fake_sdk = tmp_path / "python" / "pulumi" / "automation"
    fake_sdk.mkdir(parents=True)
    (fake_sdk.parent / "__init__.py").touch()
    (fake_sdk / "__init__.py").write_text(INSTALLER)
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("sh", "chmod", "sleep", "sed", "cat"):
        (tools / tool).symlink_to(next(p for p in map(Path, ("/bin", "/usr/bin")) if (p / tool).exists()) / tool)
    environ = {
        "PATH": f"{tmp_path / 'bin'}:{tools}",
        "HOME": str(tmp_path / "home"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PYTHONPATH": str(tmp_path / "python"),
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    return Machine(root=tmp_path, environ=environ)


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The machine's real engine; a test that asks for it has the mark `engine`, which skips or fails without one."""
    found = find_engine(os.environ)
    assert found is not None
    assert found.language_host is not None, f"{found.command} has no Python language host: see `tee-infra doctor`"
    return found
