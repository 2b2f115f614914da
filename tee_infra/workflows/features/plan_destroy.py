"""The plan of a destroy, and the protections that refuse it. Changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tee_infra.aws.leftovers import Leftovers
from tee_infra.core.changes.engine_run import EngineRun
from tee_infra.core.cleanup.leftovers import label, plan_leftovers
from tee_infra.core.environments import parse_environment
from tee_infra.core.lifecycle.record import FeatureRecord, Hold
from tee_infra.core.lifecycle.transitions import BoundElsewhereError
from tee_infra.core.names import feature_environment
from tee_infra.core.tables.description import TableFacts
from tee_infra.core.times import render_time
from tee_infra.errors import RefusedError
from tee_infra.workflows.control.records import require_record
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.destroy_steps import DeletionProtectedError, read_state
from tee_infra.workflows.session.checkout import NAME


class HeldError(RefusedError):
    """The environment has a hold."""

    def __init__(self, environment: str, hold: Hold) -> None:
        self.environment = environment
        self.hold = hold
        super().__init__(
            f"{environment}: hold by {hold.by} until {render_time(hold.until)}: {hold.reason}. Nothing was changed",
            next=f"To destroy it anyway, first run: tee-infra feature release {environment}",
        )


class ForeignEnvironmentError(RefusedError):
    """The environment belongs to another repository, whose settings are not in this checkout."""

    def __init__(self, record: FeatureRecord, repository: str) -> None:
        self.record = record
        super().__init__(
            f"{record.environment}: belongs to branch {record.branch!r} of {record.repository}, not of "
            f"{repository}. Nothing was changed",
            next=f"Run the command in a checkout of {record.repository}",
        )


@dataclass(frozen=True, kw_only=True)
class DestroyPlan:
    """The deletions of the engine, and the tables with their item counts.

    For a stack without resources: leftovers to delete in `swept`, and in `left` others with the reason that makes the
    destroy fail.
    """

    changes: EngineRun
    swept: Sequence[str]
    left: dict[str, str]
    tables: Sequence[TableFacts]


def record_of_branch(context: FeatureContext, branch: str) -> FeatureRecord:
    """The record of a branch's environment. Raises `BranchNameError`, `BoundElsewhereError`, `UnregisteredError`."""
    repository = context.host.repository
    record = require_record(context.control, feature_environment(branch, repository))
    if (record.repository, record.branch) != (repository, branch):
        raise BoundElsewhereError(record, repository, branch)
    return record


def require_destroyable(context: FeatureContext, record: FeatureRecord, now: datetime) -> None:
    """Raises `ForeignEnvironmentError`, `HeldError`."""
    if record.repository != context.host.repository:
        raise ForeignEnvironmentError(record, context.host.repository)
    if record.hold is not None and record.is_held(now):
        raise HeldError(record.environment, record.hold)


def plan_destroy(context: FeatureContext, record: FeatureRecord) -> DestroyPlan:
    """The plan of a destroy.

    Raises `DeletionProtectedError`, `UnreadableStateError`, `ProtectedError`, `EngineError`, `AwsError`.
    """
    environment = parse_environment(record.environment)
    leftovers = Leftovers.connect(context.connection, NAME)
    tables = list(leftovers.tables(environment).values())
    if protected := [table.name for table in tables if table.deletion_protection]:
        raise DeletionProtectedError(environment.name, protected)
    changes = EngineRun()
    if read_state(context, environment) is not None:
        with context.open(record) as opened:
            changes = opened.stack.preview_destroy()
    if changes.changes:
        return DestroyPlan(changes=changes, swept=(), left={}, tables=tables)
    planned = plan_leftovers(record, leftovers.find(environment), context.target.account_id, context.host.region)
    swept = [label(resource) for resource in planned.deletable]
    return DestroyPlan(changes=changes, swept=swept, left=dict(planned.kept), tables=tables)
