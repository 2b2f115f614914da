"""`SlotTables`: the app's tables by their logical names, in the slot that is open."""

import re
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final

from tee_infra.client.errors import WritesHeldError, WriteUncertainError
from tee_infra.client.lease import Pointer, has_moved, table_name
from tee_infra.client.pointer_item import SLOT
from tee_infra.client.raw_calls import RawCalls
from tee_infra.client.shadow import ShadowReader
from tee_infra.client.shadow_counts import ShadowReads
from tee_infra.client.watch import PRODUCTION, PointerWatch

PATIENCE: Final = 60.0
"""Seconds. An operator that dies leaves writes held for 30 seconds at most."""
_REQUESTS: Final = "before-send.dynamodb"


def unstopped_clock() -> float:
    """Seconds by a clock that never goes back and that, on Linux, also runs while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class SlotTables:
    """The physical names of an environment's tables, through a switch from one slot to the next.

    `client`: the boto3 client of DynamoDB that the app writes with. Each of its requests inside `writing`, also a
    retry, is sent only while the lease has not expired; another client's are not checked. An environment without a
    pointer costs one read.

    `shadow_reads`: repeat a share of this client's reads by `name` in the open slot and in another one, and count the
    answers that differ (`tee-infra migrate status`). Only prod has another slot: elsewhere no read is repeated.
    """

    def __init__(
        self,
        environment: str,
        *,
        client: Any,
        shadow_reads: ShadowReads | None = None,
        clock: Callable[[], float] = unstopped_clock,
    ) -> None:
        if re.fullmatch(r"prod-v[0-9]+", environment):
            raise ValueError(f"{environment} is a slot of prod. Give the environment: prod")
        if environment == "legacy" or not SLOT.fullmatch(environment):
            raise ValueError(f"unknown environment {environment!r}; production's is prod")
        self._client = client
        self._calls = RawCalls(client)
        self._watch = PointerWatch(self._calls, environment, clock)
        self._writing = threading.local()
        self._shadow: ShadowReader | None = None
        if shadow_reads and environment == PRODUCTION:
            self._shadow = ShadowReader(client, self._calls, environment, shadow_reads, self._watch.calm_slot)
        client.meta.events.register(_REQUESTS, self._before_send)

    def name(self, table: str) -> str:
        """The table to read from: `tee-admin` -> `prod-v2-tee-admin`. After a switch it may be 1.5 s old.

        Raises `PointerUnreadableError` until the pointer was read once.
        """
        return self._named(self._watch.slot(PATIENCE), table)

    @contextmanager
    def writing(self, table: str, *, timeout: float = PATIENCE) -> Generator[str]:
        """The table to write to, inside the block only. Waits while a switch holds writes.

        Raises `WritesHeldError` after `timeout` seconds, from the start of the block or from a request in it; that
        request was not sent. Raises `WriteUncertainError` from the end of the block.
        """
        pointer = self._watch.open_pointer(timeout)
        outer = getattr(self._writing, "block", None)
        if outer is not None and has_moved(outer[0], pointer):
            raise _moved(outer[0], pointer)
        self._writing.block = pointer, timeout
        try:
            yield self._named(pointer.slot, table)
        finally:
            self._writing.block = outer
        self._confirm(pointer, timeout)

    def close(self) -> None:
        """End the background refresh. Later writes are refused."""
        self._client.meta.events.unregister(_REQUESTS, self._before_send)
        if self._shadow:
            self._shadow.close()
        self._watch.close()
        self._calls.close()

    def _named(self, slot: str, table: str) -> str:
        name = table_name(slot, table)
        return self._shadow.named(name, table) if self._shadow else name

    def _before_send(self, **_: Any) -> None:
        """botocore calls this before each attempt of each request of the client (`before-send`, botocore.endpoint)."""
        block = getattr(self._writing, "block", None)
        if block is None:
            return
        began, timeout = block
        pointer = self._watch.open_pointer(timeout)
        if has_moved(began, pointer):
            raise _moved(began, pointer)

    def _confirm(self, began: Pointer, timeout: float) -> None:
        """An answer that came while a lease was valid came before a drain could end: no write of it is late.

        Otherwise the pointer decides, once it is readable and open. This holds even if a request was on its way for
        longer than the operator of a switch allows for.
        """
        try:
            pointer = self._watch.permitted() or self._watch.open_pointer(timeout)
        except WritesHeldError as error:
            raise WriteUncertainError(f"writes to {began.slot} were answered late, and {error}") from error
        if has_moved(began, pointer):
            raise WriteUncertainError(
                f"writes to {began.slot} were answered after {pointer.slot} was opened. Read them there, and repeat "
                "missing ones"
            )


def _moved(began: Pointer, now: Pointer) -> WritesHeldError:
    return WritesHeldError(
        f"the open slot is {now.slot}, and this block began with {began.slot} at epoch {began.epoch}. "
        "The request was not sent; run the block again"
    )
