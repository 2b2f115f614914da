"""The variables that connect the app to an environment."""

import os
from typing import Final

from tee_infra import local
from tee_infra.core.app_config import app_variables
from tee_infra.core.aws_variables import direct_to_loopback, overriding_variables, profile_file
from tee_infra.core.environments import Environment
from tee_infra.core.settings import DEFAULT_REGION
from tee_infra.local import EmbeddedAws
from tee_infra.workflows.session.checkout import Project

_EMBEDDED: Final = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def app_environment(project: Project, environment: Environment, *, use_local: bool = False) -> dict[str, str]:
    """STAGE, region and tables; for an environment on the running embedded AWS also its endpoint and credentials.

    `use_local`: the environment is on the embedded AWS even if its stack file names an account. Table names follow from
    the environment's name, also without a stack file. A feature environment is in the account of its host.
    """
    variables, running = _located(project, environment, use_local=use_local)
    if running is None:
        return variables
    embedded = local.shell_environment(running)
    return variables | {name: embedded[name] for name in _EMBEDDED}


def exported_environment(project: Project, environment: Environment, *, use_local: bool = False) -> dict[str, str]:
    """The same with what overrides a shell's own AWS settings and proxies, for a file that cannot unset them."""
    variables = app_environment(project, environment, use_local=use_local)
    _, running = _located(project, environment, use_local=use_local)
    if running is None:
        return variables
    profile = running.directory / "profile"
    local.write_private(profile, profile_file(running.access_key, running.secret_key).encode())
    return variables | overriding_variables(running.endpoint, str(profile)) | direct_to_loopback(os.environ)


def _located(
    project: Project, environment: Environment, *, use_local: bool
) -> tuple[dict[str, str], EmbeddedAws | None]:
    """The app's own variables, and the embedded AWS where the environment is on it and it runs."""
    place = project.place(environment)
    settings = project.settings(place) if project.has_file(place) else None
    variables = app_variables(environment, settings.region if settings else DEFAULT_REGION)
    on_account = not use_local and settings is not None and settings.account_id is not None
    return variables, None if on_account else local.status(project.embedded_directory)
