"""A control table whose pointer moves, and an app of production beside it."""

from collections.abc import Iterator

import pytest

from tee_infra.client import SlotTables
from tests.client.control import Control
from tests.support.emulator import reset
from tests.support.homes import Moto, make_control_table


@pytest.fixture
def control(moto_endpoint: str) -> Control:
    reset(moto_endpoint)
    account = Moto(endpoint=moto_endpoint)
    make_control_table(account)
    return Control(account)


@pytest.fixture
def tables(control: Control) -> Iterator[SlotTables]:
    tables = SlotTables("prod", client=control.client, clock=control.clock)
    yield tables
    tables.close()
