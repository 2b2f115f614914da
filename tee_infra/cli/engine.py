"""`tee-infra engine`."""

import os
import sys

import click

from tee_infra.cli.options import json_option
from tee_infra.cli.output import Output, prints
from tee_infra.cli.results import ResultModel
from tee_infra.engine import ensure_engine, report_to
from tee_infra.engine.facts import Source


class EngineResult(ResultModel):
    """The Pulumi CLI that the commands use: found on PATH, installed, or built here."""

    version: str
    command: str
    source: Source


@prints(EngineResult)
@click.command()
@json_option
def engine(as_json: bool) -> None:
    """Find, install or build the Pulumi CLI.

    Every command that needs the CLI does this automatically. The first build takes minutes.
    """
    found = ensure_engine(os.environ, report_to(sys.stderr))
    result = EngineResult(version=found.version, command=str(found.command), source=found.source)
    Output(as_json).result(result, [f"Pulumi {found.version} at {found.command}"])
