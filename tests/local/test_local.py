"""The package's face."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from tee_infra import local


def test_environment_leads_to_loopback_and_nowhere_else() -> None:
    running = local.EmbeddedAws(
        endpoint="http://127.0.0.1:4580",
        provider_port=4581,
        pid=1,
        directory=Path("/nowhere"),
        started_at=datetime(2026, 1, 2, tzinfo=UTC),
        region="us-east-1",
        access_key="LOCALKEY",
        secret_key="secret",
    )
    assert "secret" not in repr(running)
    assert local.shell_environment(running) == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4580",
        "AWS_ACCESS_KEY_ID": "LOCALKEY",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PULUMI_DEBUG_PROVIDERS": "aws:4581",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = "{'boto3', 'botocore', 'moto', 'grpc', 'pulumi', 'werkzeug', 'flask'}"
    code = f"import sys, tee_infra.local; print({heavy} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"


def test_every_type_is_either_materialised_or_recorded() -> None:
    assert not set(local.emulated_types()) & set(local.state_only_types())
    assert "aws:dynamodb/table:Table" in local.emulated_types()
    assert "aws:budgets/budget:Budget" in local.state_only_types()


def test_the_documentation_lists_every_type(root: Path) -> None:
    text = (root / "docs" / "local.md").read_text()
    _, materialised, recorded = text.split("<!-- types -->")
    assert [line[3:-1] for line in materialised.splitlines() if line.startswith("- `")] == list(local.emulated_types())
    assert [line[3:-1] for line in recorded.splitlines() if line.startswith("- `")] == list(local.state_only_types())
