"""The Pulumi program: `deploy()` creates one environment, and each component has its own file."""

import pulumi

from tee_infra.core import tags
from tee_infra.core.arns import Arns
from tee_infra.core.target import AwsTarget
from tee_infra.errors import TeeInfraError
from tee_infra.program.access import Access
from tee_infra.program.audit_trail import AuditTrail
from tee_infra.program.budget import Budget
from tee_infra.program.configuration import Configuration
from tee_infra.program.data_tables import DataTables
from tee_infra.program.inputs import Inputs, read_inputs
from tee_infra.program.monitoring import Monitoring
from tee_infra.program.provider import aws_provider

__all__ = ["deploy"]


def deploy(target: AwsTarget | None = None, *, release: bool = False) -> None:
    """Create or update the environment of the stack's name, from its settings.

    Reads the stack's configuration, registers every resource and exports the outputs for the app and the commands.
    `target` is the AWS that a command has chosen; without one, under plain `pulumi`, the settings and the shell decide.
    `release`: its tables exist without their protections, also those of a slot that its settings call archived; only
    an archive asks for it, just before it deletes them.
    Raises `pulumi.RunError` with one line for an invalid configuration.
    """
    try:
        inputs = read_inputs(target)
    except TeeInfraError as error:
        raise pulumi.RunError(str(error)) from None
    pulumi.log.info(f"target: {inputs.target.describe()}")
    _make(inputs, release=release)


def _make(inputs: Inputs, *, release: bool) -> None:
    environment, settings = inputs.environment, inputs.settings
    if release:
        settings = settings.model_copy(update={"archived": False, "deletion_protection": False})
    arns = Arns(account_id=inputs.target.account_id, region=settings.region, environment=environment.name)
    provider = aws_provider(inputs, tags.render(environment, settings, pulumi.get_project()))
    plain = pulumi.ResourceOptions(provider=provider)
    # Resources with data or evidence are protected against deletion and replacement, tables also in DynamoDB.
    protected = pulumi.ResourceOptions(provider=provider, protect=settings.protect)

    tables = DataTables("data", environment, settings, arns, plain if release else protected)
    access = Access("access", environment, settings, arns, plain)
    configuration = Configuration("configuration", environment, tables, plain)
    monitoring = Monitoring("monitoring", settings, arns, plain) if settings.alarms else None
    if settings.monthly_budget_usd is not None:
        Budget("budget", settings, settings.monthly_budget_usd, monitoring, plain)
    if settings.audit != "off":
        AuditTrail("audit", settings, arns, roles=access, monitoring=monitoring, opts=protected)
    _export(inputs, tables, access, configuration, monitoring)


def _export(
    inputs: Inputs, tables: DataTables, access: Access, configuration: Configuration, monitoring: Monitoring | None
) -> None:
    pulumi.export("environment", inputs.environment.name)
    pulumi.export("kind", inputs.environment.kind.name)
    pulumi.export("tables", {name: table.name for name, table in tables.tables.items()})
    pulumi.export("table_arns", {name: table.arn for name, table in tables.tables.items()})
    pulumi.export("role_arns", {name: role.arn for name, role in access.roles.items()})
    pulumi.export("parameters", configuration.parameters)
    pulumi.export("dashboard_url", monitoring.dashboard_url if monitoring else None)
