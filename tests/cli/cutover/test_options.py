"""Whose rights the control table is reached with."""

from typing import Any

import pytest

from tee_infra.aws.connection import Connection
from tee_infra.aws.control_store import ControlItems
from tee_infra.cli.cutover.options import control_of
from tee_infra.core.cutover.migration import migration_side
from tee_infra.core.target import AwsTarget
from tee_infra.workflows.session.session import Session

OWN = "arn:aws:iam::123456789012:role/tee/x/x-tee-migrator"
NAMED = "arn:aws:iam::123456789012:role/operators"


@pytest.mark.parametrize(
    ("target", "entered", "option", "used"),
    [
        ("prod-v2", OWN, None, OWN),
        ("prod", OWN, None, OWN),
        ("legacy", OWN, None, OWN),
        ("prod-v2", NAMED, NAMED, NAMED),
        ("dev", NAMED, NAMED, NAMED),
        ("dev", OWN, None, None),
        ("staging", None, None, None),
    ],
)
def test_productions_migrators_keep_the_items_of_a_migration_and_elsewhere_your_own_rights_do(
    target: str, entered: str | None, option: str | None, used: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(ControlItems, "connect", asked.append)
    where = AwsTarget(account_id="123456789012", region="us-east-1", environment=target)
    control_of(migration_side(target), Session(target=where, connection=Connection(role=entered)), option)
    assert [connection.role for connection in asked] == [used]
