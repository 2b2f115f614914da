"""The embedded AWS of a checkout: its status, and the variables that point at it."""

import os
import sys
from pathlib import Path
from typing import Final

from tee_infra import local
from tee_infra.aws.connection import Connection
from tee_infra.engine import Engine
from tee_infra.errors import RemoteError
from tee_infra.local import EmbeddedAws
from tee_infra.stacks import Backend
from tee_infra.workflows.session.checkout import Project

# The passphrase of the salts in Pulumi.*.yaml as shipped. Published on purpose: stacks on the embedded AWS hold no
# secrets, and a stack that names an account gets a secrets provider of its own (docs/environments.md).
PASSPHRASE: Final = "embedded-aws"  # noqa: S105


class NotRunningError(RemoteError):
    """The embedded AWS is needed and is not running."""

    def __init__(self) -> None:
        super().__init__("embedded AWS: not running", next="To start it: tee-infra local start")


def require(project: Project) -> EmbeddedAws:
    """The running embedded AWS. Raises `NotRunningError`."""
    running = local.status(project.embedded_directory)
    if running is None:
        raise NotRunningError
    return running


def connection_to(project: Project) -> Connection:
    """The connection of boto3 to the running embedded AWS. Raises `NotRunningError`."""
    running = require(project)
    key = local.shell_environment(running)["AWS_ACCESS_KEY_ID"]
    return Connection(region=running.region, endpoint=running.endpoint, access_key=key)


def environment_of(project: Project, engine: Engine, running: EmbeddedAws) -> dict[str, str]:
    """The variables with which plain `pulumi` and any AWS SDK use the embedded AWS."""
    return {
        **local.shell_environment(running),
        **_state_of(project),
        "PATH": _path_with(engine.command.parent, Path(sys.executable).parent),
    }


def backend_of(project: Project, engine: Engine, running: EmbeddedAws | None = None) -> Backend:
    """The backend with the stacks on the embedded AWS. Their state can be read while it is not `running`."""
    return Backend(
        directory=project.directory,
        command=engine.command,
        version=engine.version,
        environ=environment_of(project, engine, running) if running else _state_of(project),
    )


def account_backend(project: Project, engine: Engine) -> Backend:
    """The backend that this shell's own variables name, where stacks with an account keep their state."""
    return Backend(directory=project.directory, command=engine.command, version=engine.version, environ={})


def backend_for(project: Project, engine: Engine, *, on_account: bool) -> Backend:
    """The backend in which to read an environment's state, by whether its settings name an account."""
    return account_backend(project, engine) if on_account else backend_of(project, engine)


def _state_of(project: Project) -> dict[str, str]:
    project.state_directory.mkdir(parents=True, exist_ok=True)
    return {
        "PULUMI_BACKEND_URL": project.state_directory.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        # Keeps the state's salt where a stack's file has none; otherwise `up` re-keys the state.
        "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def _path_with(*folders: Path) -> str:
    known = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(dict.fromkeys([*map(str, folders), *known]))
