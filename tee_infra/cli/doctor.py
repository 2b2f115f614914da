"""`tee-infra doctor`."""

import os
from dataclasses import asdict
from pathlib import Path

import click

from tee_infra.cli.options import json_option
from tee_infra.cli.output import Output
from tee_infra.errors import RemoteError
from tee_infra.workflows.doctor import diagnose


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Show what the commands need and how to fix what is missing."""
    findings = diagnose(Path.cwd(), os.environ)
    lines: list[str] = []
    for finding in findings:
        lines.append(f"{'ok ' if finding.ok else 'NO '} {finding.name}: {finding.value}")
        if finding.fix:
            lines.append(f"      fix: {finding.fix}")
    Output(as_json).result([asdict(finding) for finding in findings], lines)
    missing = [finding.name for finding in findings if not finding.ok]
    if missing:
        raise RemoteError(f"not ready: {', '.join(missing)}")
