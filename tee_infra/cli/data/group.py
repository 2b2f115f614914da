"""`tee-infra data`: a look at items, copies, anonymized data for development, synthetic data, comparisons."""

import click

from tee_infra.cli.data.copy_tables import copy
from tee_infra.cli.data.look import get, query, scan
from tee_infra.cli.data.make_key import make_key_command
from tee_infra.cli.data.report import anonymize_report
from tee_infra.cli.data.reset import reset
from tee_infra.cli.data.seed import seed
from tee_infra.cli.data.sync_dev import sync_dev
from tee_infra.cli.data.validate import validate


@click.group()
def data() -> None:
    """Read, copy, anonymize, seed and compare items."""


for command in (get, query, scan, copy, sync_dev, anonymize_report, seed, reset, validate, make_key_command):
    data.add_command(command)
