"""The stack of the bare tables, in the backend of prod's stack and with prod's settings. It has no stack file."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tee_infra.core import names
from tee_infra.core.cutover.adoption import LegacyTable
from tee_infra.core.environments import LEGACY_SLOT
from tee_infra.program.legacy import deploy_legacy
from tee_infra.stacks import Backend, Stack
from tee_infra.workflows.session.engine_locks import break_stale_locks
from tee_infra.workflows.session.file_store import FolderStore
from tee_infra.workflows.session.session import EnvironmentSession
from tee_infra.workflows.session.stack_session import StackSession, catch_up

_KEEP_SALT: Final = {"PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true"}


class LegacyStack:
    """Opens the stack with one program or another."""

    def __init__(self, session: EnvironmentSession, backend: Backend) -> None:
        self._session = session
        self._backend = backend

    def open(self, tables: Sequence[LegacyTable], *, release: bool = False) -> StackSession:
        """The stack with a program of these tables, as `deploy_legacy` takes them. It need not exist yet."""
        session = self._session
        program = partial(deploy_legacy, session.target, session.settings, tables, release=release)
        embedded = session.running is not None
        return StackSession(
            environment=LEGACY_SLOT,
            settings=session.settings,
            target=session.target,
            connection=session.connection,
            stack=Stack(names.LEGACY, self._backend, program, session.report),
            report=session.report,
            state=FolderStore(session.project.state_directory / ".pulumi") if embedded else None,
        )


@contextmanager
def legacy_stack(session: EnvironmentSession) -> Generator[LegacyStack]:
    """The stack for prod's `session`. Raises `EngineUnavailableError`, and as `catch_up` does."""
    own = session.backend()
    with TemporaryDirectory(prefix="tee-infra-") as folder:
        directory = Path(folder)
        (directory / "Pulumi.yaml").write_bytes((session.project.directory / "Pulumi.yaml").read_bytes())
        (directory / f"Pulumi.{names.LEGACY}.yaml").write_text("config: {}\n", encoding="utf-8")
        backend = replace(
            own,
            directory=directory,
            environ={**own.environ, **_KEEP_SALT},
            secrets_provider=session.project.secrets_provider(session.environment),
        )
        stack = LegacyStack(session, backend)
        if session.running is not None:
            state = FolderStore(session.project.state_directory / ".pulumi")
            for holder in break_stale_locks(state, names.LEGACY, alone=True):
                session.report(f"removed the stale stack lock of {holder}")
            if session.started:
                catch_up(stack.open(()).stack, session.report)
        yield stack
