"""The environment of the current git branch, if it exists."""

from dataclasses import dataclass

from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_table import ControlTable
from tee_infra.core.defaults.environment import branch_environment
from tee_infra.core.environments import FEATURE_HOST, Environment, parse_environment
from tee_infra.core.target import AwsTarget
from tee_infra.workflows.control.records import find_record
from tee_infra.workflows.session.checkout import Project
from tee_infra.workflows.session.session import Report, open_host_session, target_of


@dataclass(frozen=True)
class _Quiet:
    """The command reports its own target."""

    report: Report

    def at(self, *targets: AwsTarget) -> None:
        """Nothing yet: the environment is not known."""

    def say(self, line: str) -> None:
        """A start of the embedded AWS."""
        self.report(line)


def own_environment(project: Project, branch: str | None, report: Report, *, local: bool) -> Environment | None:
    """The environment of `branch`: it has a stack file, or the registry has its live record. Otherwise None.

    Asks AWS only for a branch that can have one. The embedded AWS is started if it ran before. Raises as
    `open_host_session` does, and `UnreadableRecordError`: what cannot be read may exist.
    """
    host = project.settings(parse_environment(FEATURE_HOST))
    environment = branch_environment(branch, host.repository)
    if environment is None or project.has_file(environment):
        return environment
    target = target_of(project, environment, host, local=local)
    if target.embedded and target.endpoint is None and not (project.embedded_directory / "snapshot").exists():
        return None
    session = open_host_session(project, environment, _Quiet(report), local=local)
    record = find_record(ControlTable(ControlItems.connect(session.connection)), environment.name)
    mine = record is not None and record.live and (record.repository, record.branch) == (host.repository, branch)
    return environment if mine else None
