"""`tee-infra data`: copies, anonymized data for development, synthetic data, comparisons."""

import click

from tee_infra.cli.data.copy_tables import copy
from tee_infra.cli.data.report import anonymize_report
from tee_infra.cli.data.seed import seed
from tee_infra.cli.data.sync_dev import sync_dev
from tee_infra.cli.data.validate import validate


@click.group()
def data() -> None:
    """Copy, anonymize, seed and compare table data."""


for command in (copy, sync_dev, anonymize_report, seed, validate):
    data.add_command(command)
