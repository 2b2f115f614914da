"""The tables of production that the app writes to now: after a switch those of another slot than its own."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from tee_infra.aws.connection import Connection
from tee_infra.aws.control_store import ControlItems, NoControlTableError
from tee_infra.aws.control_switch import Pointers
from tee_infra.core import names
from tee_infra.core.data.copy_policy import CopySide
from tee_infra.core.environments import Environment
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import RefusedError


def open_slot(environment: Environment, connection: Connection, say: Callable[[str], None]) -> str:
    """The slot that a command which reads `environment` means: the open one for `prod`, otherwise the named one.

    An account without a control table has had no switch. Raises `RefusedError` if the pointer cannot be read, and
    `AwsError`: production's own tables may be the slot before.
    """
    if environment.name != names.PRODUCTION:
        return environment.name
    try:
        pointer, _ = Pointers(ControlItems.connect(connection), environment.name).read()
    except NoControlTableError:
        return environment.name
    if isinstance(pointer, Unreadable):
        raise RefusedError(
            f"{environment.name}: which slot is open is not known: {pointer.reason}. Nothing was changed",
            next=f"See the slots: tee-infra slots {environment.name}",
        )
    if pointer.slot != environment.name:
        say(f"{environment.name}: {pointer.slot} is open to the app, so this reads the tables of {pointer.slot}")
    return pointer.slot


def tables_in(slot: str, tables: Mapping[str, str]) -> dict[str, str]:
    """Logical -> physical names of the same tables in a slot."""
    return {logical: names.table(slot, logical) for logical in tables}


def side_of_open_slot(side: CopySide, connection: Connection, say: Callable[[str], None]) -> CopySide:
    """The source of a copy, with the tables of the open slot. Raises as `open_slot` does.

    It stays production, with production's anonymization key: pseudonyms are the same before and after a switch.
    """
    if side.single or side.environment is None:
        return side
    return replace(side, tables=tables_in(open_slot(side.environment, connection, say), side.tables))
