"""Connect to the AWS that settings name: start the embedded AWS, or check the account of the credentials."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tee_infra import local as local_aws
from tee_infra.aws.connection import Connection
from tee_infra.aws.identity import require_account
from tee_infra.core.settings import Settings
from tee_infra.core.target import AwsTarget, choose_target
from tee_infra.engine import Engine, ensure_engine
from tee_infra.local import EmbeddedAws
from tee_infra.workflows.session import embedded_aws
from tee_infra.workflows.session.checkout import Project
from tee_infra.workflows.session.start_local import start_local

Report = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Reached:
    """A reachable AWS. `environ` has the variables for the program, including this shell's.

    `running` is the embedded AWS, None for an account; `started`: this command started it.
    """

    target: AwsTarget
    connection: Connection
    environ: Mapping[str, str]
    engine: Engine
    running: EmbeddedAws | None = None
    started: bool = False


def reach(project: Project, settings: Settings, report: Report, *, local: bool) -> Reached:
    """The AWS of `settings`, or the embedded AWS for `local`. `report` gets the target as its first line.

    Raises `NoTargetError`, `HalfEmbeddedError`, `NoAccessError`, `WrongAccountError`, and as `start_local` does.
    """
    if not local and settings.account_id is not None:
        target = choose_target(settings, os.environ)
        report(f"target: {target.describe()}")
        require_account(target.account_id, settings.region)
        connection = Connection(region=settings.region)
        engine = ensure_engine(os.environ, report)
        return Reached(target=target, connection=connection, environ=os.environ, engine=engine)
    known = local_aws.status(project.embedded_directory)
    report(f"target: embedded AWS{f' at {known.endpoint}' if known else ', which is not running yet'}")
    engine = ensure_engine(os.environ, report)
    running = start_local(project, report)
    environ = {**os.environ, **embedded_aws.environment_of(project, engine, running)}
    return Reached(
        target=choose_target(settings, environ, force_local=local),
        connection=embedded_aws.connection_to(project),
        environ=environ,
        engine=engine,
        running=running,
        started=known is None,
    )
