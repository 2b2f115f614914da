"""A server of the test that a checkout takes for its embedded AWS, and who is told of a session."""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tee_infra.core.target import AwsTarget
from tee_infra.local import EmbeddedAws, pidfile

ENVIRONMENTS = ("prod", "staging", "dev", "test")


def checkout_at(directory: Path, endpoint: str, **accounts: str) -> EmbeddedAws:
    """Stack files in `directory`, whose embedded AWS is the server at `endpoint`, in this process.

    `accounts` are the environments that name an account. There is no provider.
    """
    (directory / "Pulumi.yaml").write_text("name: tee-infra\n")
    for name in ENVIRONMENTS:
        account = f", account_id: '{accounts[name]}', repository: acme/app" if name in accounts else ""
        text = f"config: {{tee-infra:environment: {{name: {name}, owner: platform{account}}}}}\n"
        (directory / f"Pulumi.{name}.yaml").write_text(text)
    aws = directory / ".tee" / "aws"
    aws.mkdir(parents=True)
    running = EmbeddedAws(
        endpoint=endpoint,
        provider_port=1,
        pid=os.getpid(),
        directory=aws,
        started_at=datetime.now(UTC),
        region="us-east-1",
        access_key="testing",
        secret_key="testing",
    )
    pidfile.write(running)
    return running


@dataclass
class Told:
    """Keeps what a session says."""

    lines: list[str] = field(default_factory=list)
    targets: list[AwsTarget] = field(default_factory=list)

    def at(self, *targets: AwsTarget) -> None:
        self.targets.extend(targets)

    def say(self, line: str) -> None:
        self.lines.append(line)
