"""Start the embedded AWS with the prerequisites of plain `pulumi`: the engine and the permanent stacks."""

import os
from collections.abc import Callable

from tee_infra import local
from tee_infra.core.environments import PERMANENT
from tee_infra.engine import ensure_engine
from tee_infra.local import EmbeddedAws
from tee_infra.workflows.session import embedded_aws
from tee_infra.workflows.session.bootstrap import bootstrap_once
from tee_infra.workflows.session.checkout import NAME, Project


def start_local(project: Project, report: Callable[[str], None], *, port: int | None = None) -> EmbeddedAws:
    """Start the embedded AWS unless it is running, prepare its account, and create the permanent environments' stacks.

    `pulumi preview -s prod` needs an existing stack.
    """
    engine = ensure_engine(os.environ, report)
    running = local.status(project.embedded_directory)
    if running is None:
        report("embedded AWS: starting")
        running = local.start(project.embedded_directory, port=port)
        report(f"embedded AWS: running at {running.endpoint}")
        if running.notice:
            report(running.notice)
    bootstrap_once(embedded_aws.connection_to(project), local.ACCOUNT_ID, running.region, report)
    stacks = project.state_directory / ".pulumi" / "stacks" / NAME
    for environment in project.environments():
        if environment.name in PERMANENT and not (stacks / f"{environment.name}.json").exists():
            report(f"creating the empty stack {environment.name}")
            embedded_aws.backend_of(project, engine).create(environment.name)
    return running
