"""`tee-infra data`: copies, anonymised data for development, synthetic data, and comparisons."""

import click

from tee_infra.cli.data_copy import copy
from tee_infra.cli.data_report import anonymize_report
from tee_infra.cli.data_seed import seed
from tee_infra.cli.data_sync import sync_dev
from tee_infra.cli.data_validate import validate


@click.group()
def data() -> None:
    """Copy, anonymise, seed and compare the items of environments."""


for command in (copy, sync_dev, anonymize_report, seed, validate):
    data.add_command(command)
