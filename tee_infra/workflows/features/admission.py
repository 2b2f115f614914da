"""Admission of a feature environment: every refusal before the first write, and its first record."""

from datetime import datetime

from tee_infra.aws.dynamodb import open_dynamodb
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


class StackFileError(UsageError):
    """The checkout has a stack file for the environment, so it is not managed by the registry."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        super().__init__(
            f"{environment}: defined by Pulumi.{environment}.yaml, not by the registry. Nothing was changed",
            next=f"Delete the file, or run: tee-infra up {environment}",
        )


class ForeignStackError(RefusedError):
    """A stack of this name exists without a record, and its tags do not name this branch."""

    def __init__(self, environment: str, branch: str) -> None:
        self.environment = environment
        super().__init__(
            f"{environment}: a stack exists without a registry record, and its tags do not name branch {branch!r}. "
            "Nothing was changed",
            next=f"To diagnose it: tee-infra repair {environment}",
        )


class BrokenStateError(RefusedError):
    """The stack's state cannot be read, so its resources are unknown."""

    def __init__(self, environment: str, reason: str) -> None:
        self.environment = environment
        super().__init__(
            f"{environment}: {reason}. Nothing was changed", next=f"To repair it: tee-infra repair {environment}"
        )


class UnknownTablesError(RefusedError):
    """Tables with the environment's names exist without a stack: the state is lost, or a person created them."""

    def __init__(self, environment: str, tables: list[str]) -> None:
        self.environment = environment
        self.tables = tables
        super().__init__(
            f"{environment}: no state, but these tables exist: {', '.join(tables)}. The state is lost, or the "
            "tables were created by hand. Nothing was changed",
            next=f"To diagnose it: tee-infra repair {environment}",
        )


def admit(context: FeatureContext, request: CreateRequest, now: datetime) -> FeatureRecord:
    """The first record, unless a rule forbids the environment. Writes nothing.

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
    """The parsed checkpoint of an environment's stack; None without a stack. Raises `BrokenStateError`."""
    checkpoint = context.checkpoint(environment)
    if isinstance(checkpoint, Unreadable):
        raise BrokenStateError(environment, checkpoint.reason)
    return checkpoint


def _refuse_unknown_tables(context: FeatureContext, environment: str) -> None:
    tables = table_usage(open_dynamodb(context.connection), [environment])[environment]
    if tables.there:
        raise UnknownTablesError(environment, list(tables.there))


def _adopted(context: FeatureContext, record: FeatureRecord, checkpoint: Checkpoint) -> FeatureRecord:
    """The new record of a stack whose record was lost. The data of its tables is kept: it counts as seeded."""
    if not checkpoint.is_of(record.environment, record.branch, NAME):
        raise ForeignStackError(record.environment, record.branch)
    context.report(f"{record.environment}: the registry record was lost; adopted the stack of this branch and its data")
    return record.with_changes(seeded=True)
