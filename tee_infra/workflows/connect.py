"""How boto3 reaches an environment: where its settings say, and nowhere else."""

from tee_infra.aws.connection import Connection
from tee_infra.aws.identity import require_account
from tee_infra.core.environments import Environment
from tee_infra.workflows import embedded
from tee_infra.workflows.project import Project


def connect(project: Project, environment: Environment | None, *, use_local: bool) -> Connection:
    """Where an environment's tables are, by its settings; without an environment, where this shell's AWS is.

    Raises `NotRunningError` where that is the embedded AWS and it is not running, and `NoAccessError` or
    `WrongAccountError` where it is an account that the credentials are not of.
    """
    settings = project.settings(environment) if environment else None
    if not use_local and settings is None:
        return Connection()
    if not use_local and settings is not None and settings.account_id is not None:
        require_account(settings.account_id, settings.region)
        return Connection(region=settings.region)
    return embedded.connection_to(project)


def describe(connection: Connection) -> str:
    """Where a connection leads, for the first line of a command."""
    if connection.endpoint is not None:
        return f"embedded AWS at {connection.endpoint}"
    return f"AWS in {connection.region}" if connection.region else "where this shell's AWS variables lead"
