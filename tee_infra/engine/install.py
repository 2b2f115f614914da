"""The official installer, through the SDK: seconds where the network allows it."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tee_infra.engine.steps import Step, run_step

LIMIT_SECONDS = 180.0
# In a separate process, because `install` has no time limit and the SDK takes long to import.
SCRIPT = "import sys; from pulumi.automation import PulumiCommand; PulumiCommand.install(root=sys.argv[1])"


def install(made: Path, *, version: str, environ: Mapping[str, str], report: Callable[[str], None]) -> None:
    """Install the CLI of the SDK's version with its language hosts as `made/bin/pulumi`.

    Raises:
        StepError: no network, or it took longer than three minutes.
    """
    made.mkdir()
    run_step(
        Step(
            doing=f"downloading Pulumi CLI {version} with the official installer",
            command=[sys.executable, "-c", SCRIPT, made],
            environ=environ,
            limit_seconds=LIMIT_SECONDS,
            folder=made,
        ),
        report,
    )
