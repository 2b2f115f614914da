"""From where a tail follows the open slot after a switch, as the text that the switch writes down."""

import json
from dataclasses import dataclass
from datetime import datetime

from tee_infra.core.times import parse_stored_time
from tee_infra.errors import RefusedError
from tee_infra.workflows.cutover.replication import Positions


@dataclass(frozen=True, kw_only=True)
class TailPosition:
    """`shards` by table. `verified_at`: when the comparison began that found both slots equal at this position.

    `transform` is the name of what makes the old slot's items of the new one's, empty for a plain copy.
    """

    shards: Positions
    verified_at: datetime
    transform: str = ""

    def as_text(self) -> str:
        """For `read_tail_position`."""
        return json.dumps(
            {"shards": self.shards, "verified_at": self.verified_at.isoformat(), "transform": self.transform}
        )


def read_tail_position(text: str) -> TailPosition:
    """Raises `RefusedError` for anything that `as_text` does not write."""
    try:
        found = json.loads(text)
        shards = {
            str(table): {str(shard): _number(after) for shard, after in each.items()}
            for table, each in found["shards"].items()
        }
        return TailPosition(
            shards=shards, verified_at=parse_stored_time(found["verified_at"]), transform=str(found["transform"])
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RefusedError(f"the position of the tail cannot be read: {error}. Nothing was written") from None


def _number(after: object) -> str | None:
    if after is not None and not isinstance(after, str):
        raise TypeError("a sequence number is not a text")
    return after
