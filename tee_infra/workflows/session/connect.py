"""boto3's connection to an environment: the account of its settings, or the embedded AWS."""

from tee_infra.aws.connection import Connection
from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_table import ControlTable
from tee_infra.aws.identity import require_account
from tee_infra.core.environments import Environment
from tee_infra.core.settings import Settings
from tee_infra.workflows.control.records import require_live
from tee_infra.workflows.session import embedded_aws
from tee_infra.workflows.session.checkout import Project


def connect(project: Project, environment: Environment | None, *, use_local: bool) -> Connection:
    """Where an environment's tables are, by its settings; without an environment, where this shell's AWS is.

    A feature environment without a stack file is where the registry has it. Raises `NotRunningError` where that is the
    embedded AWS and it is not running, `NoAccessError` or `WrongAccountError` where it is an account that the
    credentials are not of, and for a feature environment as `require_live` does.
    """
    if environment is None:
        return embedded_aws.connection_to(project) if use_local else Connection()
    connection = _connect(project, project.location(environment), use_local=use_local)
    if project.is_registered(environment):
        require_live(ControlTable(ControlItems.connect(connection)), environment.name)
    return connection


def _connect(project: Project, settings: Settings, *, use_local: bool) -> Connection:
    if use_local or settings.account_id is None:
        return embedded_aws.connection_to(project)
    require_account(settings.account_id, settings.region)
    return Connection(region=settings.region)


def describe(connection: Connection) -> str:
    """Where a connection leads, for the first line of a command."""
    if connection.endpoint is not None:
        return f"embedded AWS at {connection.endpoint}"
    return f"AWS in {connection.region}" if connection.region else "the AWS of this shell's variables"
