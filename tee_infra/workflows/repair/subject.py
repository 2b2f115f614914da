"""The subject of a repair: an environment's stack, the engine's state files, and its record."""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime

from tee_infra.core import names
from tee_infra.core.environments import Environment
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.pulumi_state.checkpoint import Checkpoint
from tee_infra.core.pulumi_state.files import backups_folder, checkpoint_file, checkpoints_folder, state_folder
from tee_infra.core.pulumi_state.integrity import Integrity
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import RefusedError
from tee_infra.stacks import EngineError
from tee_infra.workflows.features.context import FeatureContext, clock, open_feature_context
from tee_infra.workflows.session.checkout import NAME, Project
from tee_infra.workflows.session.engine_state import check_state_file, load_checkpoint, load_checkpoint_file
from tee_infra.workflows.session.file_store import FileStore, FolderStore, open_store
from tee_infra.workflows.session.session import Reporter, open_session
from tee_infra.workflows.session.stack_session import StackSession, catch_up, open_stack


class NoRecordError(RefusedError):
    """The registry has no record of a feature environment, or cannot read it: its branch is unknown."""

    def __init__(self, environment: str, record: Unreadable | None) -> None:
        self.environment = environment
        if record is None:
            problem = "no registry record"
            step = "To adopt its resources: tee-infra feature create --branch BRANCH"
        else:
            problem = record.reason
            step = (
                "Correct the item by hand, or restore it with point-in-time recovery: "
                f'table {names.CONTROL_TABLE}, pk "registry", sk "{environment}"'
            )
        super().__init__(f"{environment}: {problem}. Nothing was changed", next=step)


@dataclass(frozen=True, kw_only=True)
class RepairSubject:
    """`context` and `record` are those of a feature environment; `state` is None if only the engine can read its files.

    `now` is part of the name of a state file that is moved aside.
    """

    opened: StackSession
    now: datetime
    state: FileStore | None
    context: FeatureContext | None = None
    record: FeatureRecord | None = None

    @property
    def environment(self) -> Environment:
        """The environment."""
        return self.opened.environment

    @property
    def alone(self) -> bool:
        """Whether no other machine writes to `state`."""
        return self.opened.target.embedded

    @property
    def is_going(self) -> bool:
        """Whether it is destroyed or being destroyed, so that its resources need no repair."""
        return self.record is not None and self.record.state in ("destroying", "destroyed", "quarantined")

    def again(self) -> "RepairSubject":
        """A copy with its current record. Raises `NoRecordError`."""
        return replace(self, record=_record(self.context, self.environment.name)) if self.context else self

    def checkpoint(self) -> Checkpoint | Unreadable | None:
        """The state of the stack; None without a stack."""
        return load_checkpoint(self.state, self.environment.name) if self.state else None

    def integrity(self) -> Integrity | None:
        """The condition of the state; None without one that can be read."""
        if self.state is None:
            return None
        return check_state_file(self.state, checkpoint_file(NAME, self.environment.name))

    def newest_backup(self) -> str | None:
        """The name of the engine's newest backup of the state with resources that the engine can read."""
        if self.state is None:
            return None
        copies = self.state.names(backups_folder(NAME, self.environment.name))
        for name in sorted((name for name in copies if name.endswith(".json")), reverse=True):
            said = load_checkpoint_file(self.state, name)
            integrity = check_state_file(self.state, name)
            whole = integrity is not None and not integrity.problems
            if whole and isinstance(said, Checkpoint) and said.resources:
                return name
        return None


@contextmanager
def open_subject(
    project: Project, environment: Environment, reporter: Reporter, *, local: bool, now: datetime | None = None
) -> Generator[RepairSubject]:
    """Open `environment`, also a broken one. `reporter` gets the target first.

    Raises `NoRecordError`, `ForeignClockError`, and as `open_session` and `open_stack` do.
    """
    session = open_session(project, environment, reporter, local=local, start=True)
    if not project.is_registered(environment):
        opened = open_stack(replace(session, started=False))
        if session.started:
            # A state that cannot be refreshed is what the diagnosis is for.
            with suppress(EngineError):
                catch_up(opened.stack, opened.report)
        yield RepairSubject(opened=opened, now=clock(opened.target, now), state=_standing_state(project, opened))
        return
    context = open_feature_context(session)
    moment, record = context.at(now), _record(context, environment.name)
    with context.open(record) as opened:
        yield RepairSubject(opened=opened, now=moment, state=context.state, context=context, record=record)


def _record(context: FeatureContext, environment: str) -> FeatureRecord:
    record = context.control.record(environment)
    if not isinstance(record, FeatureRecord):
        raise NoRecordError(environment, record)
    return record


def _standing_state(project: Project, opened: StackSession) -> FileStore | None:
    """None also if the engine compresses its files."""
    if opened.target.embedded:
        return FolderStore(project.state_directory / ".pulumi")
    location = state_folder(os.environ.get("PULUMI_BACKEND_URL", ""))
    if location is None:
        return None
    state = open_store(os.path.expanduser(location), opened.connection)  # noqa: PTH111  # it may be no path
    compressed = f"{checkpoint_file(NAME, opened.environment.name)}.gz"
    return None if compressed in state.names(checkpoints_folder(NAME)) else state
