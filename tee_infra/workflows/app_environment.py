"""The variables that connect the app to an environment."""

from typing import Final

from tee_infra import local
from tee_infra.core.app_config import app_variables
from tee_infra.core.environments import Environment
from tee_infra.core.settings import DEFAULT_REGION
from tee_infra.workflows.project import Project

_EMBEDDED: Final = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def app_environment(project: Project, environment: Environment) -> dict[str, str]:
    """STAGE, region, tables, and where the environment is on the running embedded AWS, its endpoint and credentials.

    An environment without a stack file has its names all the same: they follow from the grammar.
    """
    has_file = environment.name in {known.name for known in project.environments()}
    settings = project.settings(environment) if has_file else None
    region = settings.region if settings else DEFAULT_REGION
    variables = app_variables(environment, region)
    running = local.status(project.embedded_directory)
    if running is None or (settings is not None and settings.account_id is not None):
        return variables
    embedded = local.shell_environment(running)
    return variables | {name: embedded[name] for name in _EMBEDDED}
