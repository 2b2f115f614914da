"""`tee-infra doctor`."""

import os
from pathlib import Path

import click
from pydantic import RootModel

from tee_infra.cli.options import json_option, local_option
from tee_infra.cli.output import Output, prints
from tee_infra.cli.results import ResultModel
from tee_infra.errors import RemoteError
from tee_infra.workflows.doctor import diagnose, targets_of


class FindingFacts(ResultModel):
    """One thing that the commands need: whether it is `ok`, what was found, and the `fix`, empty where it is `ok`."""

    name: str
    ok: bool
    value: str
    fix: str


class DoctorResult(RootModel[list[FindingFacts]]):
    """Everything that the commands need."""


@prints(DoctorResult)
@click.command()
@local_option
@json_option
def doctor(local: bool, as_json: bool) -> None:
    """Check the prerequisites of the commands, with fixes."""
    output = Output(as_json)
    output.at(*targets_of(Path.cwd(), use_local=local))
    findings = diagnose(Path.cwd(), os.environ, use_local=local)
    lines: list[str] = []
    for finding in findings:
        lines.append(f"{'ok ' if finding.ok else 'NO '} {finding.name}: {finding.value}")
        if finding.fix:
            lines.append(f"      fix: {finding.fix}")
    output.result(DoctorResult.model_validate(findings, from_attributes=True), lines)
    missing = [finding.name for finding in findings if not finding.ok]
    if missing:
        raise RemoteError(f"doctor: {len(missing)} checks failed: {', '.join(missing)}. The fixes are shown above")
