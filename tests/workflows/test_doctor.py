import subprocess
from pathlib import Path

import pytest

from tee_infra.engine.doctor import Finding
from tee_infra.workflows import doctor
from tee_infra.workflows.doctor import diagnose


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine without a Pulumi CLI, Go, credentials or network."""
    monkeypatch.setattr(doctor, "AWS_ADDRESS", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return {"PATH": str(tmp_path), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}


def test_outside_a_checkout_that_is_what_is_said(tmp_path: Path, nowhere: dict[str, str]) -> None:
    findings = {finding.name: finding for finding in diagnose(tmp_path, nowhere)}
    assert findings["Python"].ok
    assert not findings["Pulumi CLI"].ok
    assert findings["Pulumi CLI"].fix
    assert not findings["checkout"].ok
    assert findings["checkout"].fix == "cd into the checkout"


def test_in_a_checkout_every_wrong_stack_file_is_a_finding_of_its_own(tmp_path: Path, nowhere: dict[str, str]) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: tee-infra\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {tee-infra:environment: {name: dev, owner: a, colour: red}}")
    (tmp_path / "Pulumi.prod.yaml").write_text("config: {tee-infra:environment: {name: prod, owner: a}}")
    findings = {finding.name: finding for finding in diagnose(tmp_path, nowhere)}
    assert "environment.colour is not a setting" in findings["settings of dev"].value
    assert "settings of prod" not in findings
    assert findings["embedded AWS"].ok
    assert {"AWS credentials", "backend", "clock"} <= findings.keys()


@pytest.mark.parametrize("added", [False, True])
@pytest.mark.parametrize(
    "file", ["out/monday/tee-admin/0000.json.gz", ".tee/aws/snapshot", "app/.tee/copy-a-b.checkpoint", "my.checkpoint"]
)
def test_a_file_with_personal_data_that_git_would_take_is_a_finding(
    tmp_path: Path, nowhere: dict[str, str], file: str, added: bool
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: tee-infra\n")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    def finding() -> Finding:
        (found,) = [each for each in diagnose(tmp_path, nowhere) if each.name == "files with personal data"]
        return found

    assert finding().ok
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text("keys")
    if added:
        subprocess.run(["git", "-C", str(tmp_path), "add", "."], check=True)
    assert not finding().ok
    assert file in finding().value
    (tmp_path / ".gitignore").write_text("out/\n.tee/\n*.checkpoint\n")
    assert finding().ok is not added
