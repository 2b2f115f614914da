"""Where the commands for items and backups go: to an environment, to a named endpoint, or as the shell says."""

from pathlib import Path

from tee_infra import local as local_aws
from tee_infra.aws.connection import Connection, aws_errors
from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_table import ControlTable
from tee_infra.aws.endpoints import configured_endpoints
from tee_infra.aws.identity import current_account
from tee_infra.core.defaults.project_folder import NoProjectError
from tee_infra.core.environments import Environment
from tee_infra.core.target import EMBEDDED_ACCOUNT_ID, AccountEndpointError, AwsTarget, NoAccountEndpointError, is_aws
from tee_infra.errors import UsageError
from tee_infra.local import EmbeddedAws
from tee_infra.workflows.control.records import require_live
from tee_infra.workflows.session import embedded_aws
from tee_infra.workflows.session.checkout import find_project
from tee_infra.workflows.session.session import EnvironmentSession, Reporter, Session, open_session


def open_data_session(
    environment: Environment | None,
    subject: str,
    reporter: Reporter,
    *,
    local: bool,
    endpoint_url: str | None = None,
    service: str = "dynamodb",
) -> Session:
    """Where an environment's tables are, or a `subject` that belongs to none, such as `table:NAME`.

    `endpoint_url` is for what names no account. Without it an environment is where `open_session` leads, and a subject
    of none is where this shell's AWS settings lead `service`. A feature environment must be a live one. Raises as
    `open_session` and `require_live` do, `AccountEndpointError`, `NoAccountEndpointError`, `UsageError`.
    """
    if endpoint_url is not None:
        if local:
            raise UsageError("--local is the embedded AWS, and --endpoint-url is another address; give one of them")
        return _at_endpoint(environment, subject, endpoint_url, reporter, service)
    if environment is None:
        return _in_embedded_aws(subject, reporter) if local else _in_shell(subject, reporter, service)
    session = open_session(find_project(Path.cwd()), environment, reporter, local=local)
    require_live_feature(session)
    return session


def require_live_feature(session: EnvironmentSession) -> None:
    """Check that a registered feature environment is live. Raises as `require_live` does."""
    if session.project.is_registered(session.environment):
        require_live(ControlTable(ControlItems.connect(session.connection)), session.environment.name)


def _at_endpoint(environment: Environment | None, subject: str, url: str, reporter: Reporter, service: str) -> Session:
    name = environment.name if environment else None
    if environment is not None:
        account_id = _named_account(environment)
        if account_id is not None:
            raise AccountEndpointError(environment.name, account_id, url)
        if is_aws(service, url):
            raise NoAccountEndpointError(environment.name, url)
    connection = Connection(endpoint=url)
    account_id = current_account(connection) if is_aws(service, url) else ""
    target = AwsTarget(
        account_id=account_id, region=shell_region(connection), environment=name, subject=subject, endpoint=url
    )
    reporter.at(target)
    return Session(target=target, connection=connection)


def _in_embedded_aws(subject: str, reporter: Reporter, running: EmbeddedAws | None = None) -> Session:
    running = running or embedded_aws.require(find_project(Path.cwd()))
    target = AwsTarget(
        account_id=EMBEDDED_ACCOUNT_ID, region=running.region, subject=subject, endpoint=running.endpoint
    )
    reporter.at(target)
    return Session(target=target, connection=embedded_aws.connection_to(running, running.region))


def _in_shell(subject: str, reporter: Reporter, service: str) -> Session:
    connection = Connection()
    url = configured_endpoints(connection).get(service)
    running = _embedded_here()
    if running is not None and url == running.endpoint:
        return _in_embedded_aws(subject, reporter, running)
    is_account = url is None or is_aws(service, url)
    region = shell_region(connection)
    account_id = current_account(connection) if is_account else ""
    target = AwsTarget(account_id=account_id, region=region, subject=subject, endpoint=None if is_account else url)
    reporter.at(target)
    return Session(target=target, connection=connection)


def _named_account(environment: Environment) -> str | None:
    """None also where no file says anything of the environment."""
    try:
        project = find_project(Path.cwd())
    except NoProjectError:
        return None
    known = project.has_file(project.place(environment))
    return project.location(environment).account_id if known else None


def _embedded_here() -> EmbeddedAws | None:
    try:
        return local_aws.status(find_project(Path.cwd()).embedded_directory)
    except NoProjectError:
        return None


def shell_region(connection: Connection) -> str:
    """The region of this shell's AWS settings. Raises `UsageError` without one, `AwsError`."""
    with aws_errors("reading this shell's AWS settings"):
        region = connection.session().region_name
    if not region:
        raise UsageError("no AWS region; set AWS_REGION, or use --local")
    return region
