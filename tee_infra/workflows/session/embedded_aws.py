"""The embedded AWS of a checkout: its start, its status, and the variables that point at it."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tee_infra import local
from tee_infra.aws.connection import Connection
from tee_infra.core.aws_variables import direct_to_loopback, without_foreign
from tee_infra.core.environments import PERMANENT
from tee_infra.engine import Engine
from tee_infra.errors import RemoteError
from tee_infra.local import EmbeddedAws
from tee_infra.stacks import Backend
from tee_infra.workflows.files import make_folder
from tee_infra.workflows.session.checkout import NAME, Project

# The passphrase of the salts in Pulumi.*.yaml as shipped. Published on purpose: stacks on the embedded AWS hold no
# secrets, and a stack that names an account gets a secrets provider of its own (docs/environments.md).
PASSPHRASE: Final = "embedded-aws"  # noqa: S105


OWN_VARIABLES: Final = (
    "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION",
    "AWS_EC2_METADATA_DISABLED", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "PULUMI_DEBUG_PROVIDERS",
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE",
    "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER", "PULUMI_SKIP_UPDATE_CHECK",
)  # fmt: skip
"""Those of `variables_of` that a shell has from nowhere else: without PATH and the exceptions of proxies."""


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


def start(project: Project, report: Callable[[str], None], *, port: int | None = None) -> EmbeddedAws:
    """Start the embedded AWS, or find it running. `report` gets what a person should know of a start.

    One of an older version, which serves every program and page on this machine, is replaced with its data.
    """
    running = local.status(project.embedded_directory)
    if running is None or not running.checks_credentials:
        report("starting the embedded AWS")
        running = local.start(project.embedded_directory, port=port)
        report(f"the embedded AWS is at {running.endpoint}")
        if running.notice:
            report(running.notice)
    return running


def connection_to(running: EmbeddedAws, region: str) -> Connection:
    """The connection of boto3 to a region of a running embedded AWS, whatever this shell's AWS settings are."""
    return Connection(
        region=region, endpoint=running.endpoint, access_key=running.access_key, secret_key=running.secret_key
    )


def environment_of(project: Project, engine: Engine, running: EmbeddedAws) -> dict[str, str]:
    """The variables with which plain `pulumi` and any AWS SDK use the embedded AWS.

    A shell that has others of AWS's unsets them: `core.aws_variables.foreign_variables`.
    """
    return {
        **variables_of(project, running),
        "PATH": _path_with(engine.command.parent, Path(sys.executable).parent),
    }


def variables_of(project: Project, running: EmbeddedAws) -> dict[str, str]:
    """The same without the folders of the engine and of this Python."""
    return {
        **local.shell_environment(running),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **direct_to_loopback(os.environ),
        **_state_of(project),
    }


def inherited_variables(project: Project, environ: Mapping[str, str]) -> list[str]:
    """The variables by which a shell uses this checkout's embedded AWS, which need not run. Empty: it does not."""
    if environ.get("PULUMI_BACKEND_URL") != project.state_directory.as_uri():
        return []
    return [name for name in OWN_VARIABLES if name in environ]


def backend_of(project: Project, engine: Engine, running: EmbeddedAws | None = None) -> Backend:
    """The backend with the stacks on the embedded AWS. Their state can be read while it is not `running`."""
    return Backend(
        directory=project.directory,
        command=engine.command,
        version=engine.version,
        environ=environment_of(project, engine, running) if running else _state_of(project),
        shell=without_foreign(os.environ),
    )


def create_stacks(project: Project, engine: Engine, report: Callable[[str], None]) -> None:
    """Create the empty stacks of the permanent environments: `pulumi preview -s prod` needs its stack to exist."""
    stacks = project.state_directory / ".pulumi" / "stacks" / NAME
    for environment in project.environments():
        if environment.name in PERMANENT and not (stacks / f"{environment.name}.json").exists():
            report(f"creating the empty stack {environment.name}")
            backend_of(project, engine).create(environment.name)


def _state_of(project: Project) -> dict[str, str]:
    make_folder(project.state_directory)
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
