"""Prepare an account: the key and the buckets of its stacks' state, and the control table. Idempotent.

The control table is created last: if it exists, every resource was created once.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from tee_infra.aws.connection import Connection
from tee_infra.aws.control_setup import ControlBase
from tee_infra.aws.state_bucket import StateBucket
from tee_infra.aws.state_key import StateKey
from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.environments import FEATURE_HOST
from tee_infra.core.resources import account as wanted
from tee_infra.core.resources.account import Facts, differing

Report = Callable[[str], None]
Piece = StateKey | StateBucket | ControlBase

PURPOSES: Final = ("standing", "ephemeral")
_KEY_TO_COME: Final = "a key that is not created yet"


def bootstrap(
    connection: Connection, account_id: str, region: str, report: Report, *, dry_run: bool = False
) -> list[str]:
    """Create missing resources and correct drifted ones; returns one line for each change.

    `report` gets a line for each resource before its change; `dry_run` changes none. Concurrent runs are safe, and a
    run resumes after a killed one. Raises `UnusableError`, `ForeignBucketError`,
    `AwsError`.
    """
    ensure = partial(_ensure, report=report, dry_run=dry_run)
    arns = Arns(account_id=account_id, region=region, environment=FEATURE_HOST)
    key = StateKey.connect(connection)
    done = ensure(key, wanted.key())
    for purpose in PURPOSES:
        bucket = StateBucket.connect(connection, names.state_bucket(purpose, account_id, region), account_id)
        done += ensure(bucket, wanted.state_bucket(purpose, arns, key.arn or _KEY_TO_COME))
    return done + ensure(ControlBase.connect(connection), wanted.control_table())


def bootstrap_once(connection: Connection, account_id: str, region: str, report: Report) -> None:
    """Prepare an account without a control table; one request if it has one. Raises as `bootstrap` does."""
    if not ControlBase.connect(connection).exists():
        report("preparing the account: state key, state buckets, control table")
        bootstrap(connection, account_id, region, lambda _: None)


def _ensure(piece: Piece, wanted: Facts, *, report: Report, dry_run: bool) -> list[str]:
    found = piece.read()
    if found is None:
        done = [f"create {piece.what}"]
    else:
        done = [f"set {name} of {piece.what}" for name in differing(piece.what, found, wanted)]
    for line in done or [f"found {piece.what}"]:
        report(line)
    if dry_run or not done:
        return done
    if found is None:
        piece.make()
    found = piece.read() or {}
    piece.write(differing(piece.what, found, wanted))
    return done
