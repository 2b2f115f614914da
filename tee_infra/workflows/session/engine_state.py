"""The state of a stack, out of the engine's own files."""

from tee_infra.core.pulumi_state.checkpoint import Checkpoint, read_checkpoint
from tee_infra.core.pulumi_state.files import checkpoint_file
from tee_infra.core.pulumi_state.integrity import Integrity, check_state
from tee_infra.core.unreadable import Unreadable
from tee_infra.workflows.session.checkout import NAME
from tee_infra.workflows.session.file_store import FileStore, read_file


def load_checkpoint(state: FileStore, stack: str) -> Checkpoint | Unreadable | None:
    """What the checkpoint of a stack says; None where there is none. `state` is the engine's `.pulumi` folder.

    Raises `AwsError`.
    """
    return load_checkpoint_file(state, checkpoint_file(NAME, stack))


def load_checkpoint_file(state: FileStore, name: str) -> Checkpoint | Unreadable | None:
    """What a file with a checkpoint in it says, also one of the engine's copies; None where there is no such file."""
    try:
        data = read_file(state, name)
    except OSError as error:
        return Unreadable(reason=f"its state cannot be read ({error.strerror})")
    return None if data is None else read_checkpoint(data)


def check_state_file(state: FileStore, name: str) -> Integrity | None:
    """The integrity of a file with a checkpoint; None where there is no such file, or none that can be read."""
    try:
        data = read_file(state, name)
    except OSError:
        return None
    return None if data is None else check_state(data)
