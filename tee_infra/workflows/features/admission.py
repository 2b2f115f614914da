"""Whether a feature environment may be made, and from what record: all that is refused before anything is done."""

from datetime import datetime

from tee_infra.core.environments import parse_environment
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.lifecycle.transitions import CreateRequest, check_quota, requested
from tee_infra.core.pulumi_state.checkpoint import Checkpoint
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import RefusedError, UsageError
from tee_infra.workflows.control.records import find_record
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.usage import table_usage
from tee_infra.workflows.session.checkout import NAME
from tee_infra.workflows.session.data_connection import open_dynamodb


class StackFileError(UsageError):
    """The checkout has a file for the environment, which makes it one that stands."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        super().__init__(
            f"Pulumi.{environment}.yaml says what {environment} is, and the registry has no part in it",
            next=f"Use tee-infra up {environment}, or remove the file",
        )


class ForeignStackError(RefusedError):
    """There is a stack of this name, no record, and nothing in its state that says it were this branch's."""

    def __init__(self, environment: str, branch: str) -> None:
        self.environment = environment
        super().__init__(
            f"there is a stack {environment} that the registry does not know, and its tags do not say that it belongs "
            f"to branch {branch!r}; nothing was changed",
            next=f"See what it is: tee-infra repair {environment}",
        )


class BrokenStateError(RefusedError):
    """The stack's state cannot be read, so nobody knows what it has."""

    def __init__(self, environment: str, reason: str) -> None:
        self.environment = environment
        super().__init__(
            f"{environment}: {reason}; nothing was changed", next=f"Mend it: tee-infra repair {environment}"
        )


class UnknownTablesError(RefusedError):
    """Tables of the environment's that no stack knows: the state is lost, or they are somebody's own."""

    def __init__(self, environment: str, tables: list[str]) -> None:
        self.environment = environment
        self.tables = tables
        super().__init__(
            f"{environment} has no state, but {', '.join(tables)} are there: the state is lost, or somebody made them "
            "by hand; nothing was changed",
            next=f"See to it: tee-infra repair {environment}",
        )


def admit(context: FeatureContext, request: CreateRequest, now: datetime) -> FeatureRecord:
    """The record to begin with, unless a rule forbids it. Writes nothing.

    Raises `StackFileError`, what `requested` and `check_quota` raise, `UnreadableRecordError`, `BrokenStateError`,
    `UnknownTablesError`, `ForeignStackError`.
    """
    if not context.project.is_registered(parse_environment(request.environment)):
        raise StackFileError(request.environment)
    found = find_record(context.control, request.environment)
    record = requested(found, request, now)
    check_quota(context.control.listing().records, request.environment, context.host.max_feature_environments, now)
    checkpoint = read_state(context, request.environment)
    if checkpoint is None:
        _refuse_unknown_tables(context, request.environment)
    elif found is None and (checkpoint.resources or checkpoint.pending):
        return _adopted(context, record, checkpoint)
    return record


def read_state(context: FeatureContext, environment: str) -> Checkpoint | None:
    """What the state of an environment's stack says; None where there is no stack. Raises `BrokenStateError`."""
    checkpoint = context.checkpoint(environment)
    if isinstance(checkpoint, Unreadable):
        raise BrokenStateError(environment, checkpoint.reason)
    return checkpoint


def _refuse_unknown_tables(context: FeatureContext, environment: str) -> None:
    tables = table_usage(open_dynamodb(context.connection), [environment])[environment]
    if tables.there:
        raise UnknownTablesError(environment, list(tables.there))


def _adopted(context: FeatureContext, record: FeatureRecord, checkpoint: Checkpoint) -> FeatureRecord:
    """The record of a stack that the registry has lost. Whatever its tables hold stays: it counts as seeded."""
    if not checkpoint.is_of(record.environment, record.branch, NAME):
        raise ForeignStackError(record.environment, record.branch)
    context.report(f"the registry has lost {record.environment}, and its stack is this branch's: adopted, data and all")
    return record.changed(seeded=True)
