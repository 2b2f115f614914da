from pathlib import Path

import pytest

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
