"""`tee-infra engine`."""

import os
import sys

import click

from tee_infra.engine import ensure_engine, report_to


@click.command()
def engine() -> None:
    """Find, install or build the Pulumi CLI.

    Every command that needs it does this by itself; this one does nothing else. A build takes minutes, once.
    """
    found = ensure_engine(os.environ, report_to(sys.stderr))
    click.echo(f"Pulumi {found.version} at {found.command}")
