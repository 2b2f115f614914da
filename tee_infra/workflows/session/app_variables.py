"""The variables that connect the app to an environment."""

from typing import Final

from tee_infra import local
from tee_infra.core.app_config import app_variables
from tee_infra.core.environments import FEATURE_HOST, Environment, parse_environment
from tee_infra.core.settings import DEFAULT_REGION
from tee_infra.workflows.session.checkout import Project

_EMBEDDED: Final = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def app_environment(project: Project, environment: Environment, *, use_local: bool = False) -> dict[str, str]:
    """STAGE, region and tables; for an environment on the running embedded AWS also its endpoint and credentials.

    `use_local`: the environment is on the embedded AWS even if its stack file names an account. Table names follow from
    the environment's name, also without a stack file. A feature environment is in the account of its host.
    """
    place = parse_environment(FEATURE_HOST) if project.is_registered(environment) else environment
    has_file = place.name in {known.name for known in project.environments()}
    settings = project.settings(place) if has_file else None
    region = settings.region if settings else DEFAULT_REGION
    variables = app_variables(environment, region)
    running = local.status(project.embedded_directory)
    on_account = not use_local and settings is not None and settings.account_id is not None
    if running is None or on_account:
        return variables
    embedded = local.shell_environment(running)
    return variables | {name: embedded[name] for name in _EMBEDDED}
