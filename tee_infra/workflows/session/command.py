"""Run a command of the app in an environment: this process becomes it."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import ClassVar, NoReturn

from tee_infra.core.aws_variables import without_foreign
from tee_infra.errors import UsageError
from tee_infra.workflows.session.app_variables import exported_environment
from tee_infra.workflows.session.data_session import require_live_feature
from tee_infra.workflows.session.session import EnvironmentSession


class CommandNotFoundError(UsageError):
    """The command of `tee-infra run` does not exist. Exit code 127, as in a shell."""

    exit_code: ClassVar[int] = 127

    def __init__(self, command: str, reason: str) -> None:
        self.command = command
        super().__init__(f"{command}: {reason}", next="Give the command as it is typed in a shell, after --")


class CommandNotExecutableError(UsageError):
    """The command of `tee-infra run` exists and cannot be executed. Exit code 126, as in a shell."""

    exit_code: ClassVar[int] = 126

    def __init__(self, command: str, reason: str) -> None:
        self.command = command
        super().__init__(f"{command}: {reason}")


def command_variables(session: EnvironmentSession, shell: Mapping[str, str]) -> dict[str, str]:
    """The variables of a command in an environment: those of `shell`, and the app's.

    On the embedded AWS no variable of the shell leads an AWS SDK elsewhere; in an account the shell's own credentials
    stay. Raises as `require_live` does for a feature environment without a live record.
    """
    require_live_feature(session)
    app = exported_environment(session.project, session.environment, use_local=session.target.embedded)
    kept = without_foreign(shell) if session.target.embedded else dict(shell)
    return kept | app | {"AWS_DEFAULT_REGION": app["AWS_REGION"]}  # boto3 reads only this one


def become(command: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Replace this process by `command`, so that its input, signals and exit code are the command's own.

    Raises `CommandNotFoundError`, `CommandNotExecutableError`.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    # Python ignores these, and a command would inherit that.
    handlers = {ignored: signal.signal(ignored, signal.SIG_DFL) for ignored in (signal.SIGPIPE, signal.SIGXFSZ)}
    try:
        os.execvpe(command[0], list(command), dict(environ))  # noqa: S606  # the command that a person typed
    except (FileNotFoundError, NotADirectoryError):
        raise CommandNotFoundError(command[0], "no such command") from None
    except OSError as error:
        raise CommandNotExecutableError(command[0], error.strerror or str(error)) from None
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
