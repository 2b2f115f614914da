"""Checks the references between tables in the target, while both sides are written."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeVar

from tee_infra.core.cutover.invariants import MOST_SUSPECTS, ReferenceCounts, count_broken, named_keys
from tee_infra.core.cutover.requests import Key, Side, Throttled, TimedOut, retry_delay
from tee_infra.core.cutover.sentinels import without_sentinels
from tee_infra.core.tables.references import REFERENCES, Reference
from tee_infra.workflows.cutover.item_client import ItemClient
from tee_infra.workflows.cutover.table_requests import Pace

T = TypeVar("T")
Clients = Mapping[str, Mapping[Side, ItemClient]]
"""By the catalog's name of a table."""

_KEYS: Final = 25
_KNOWN: Final = 20_000
"""Keys that were found are not asked for again: bounds the memory, not the table."""
_LOOKS: Final = 3


class ReferenceCheck:
    """`pass_heartbeat` returns once the target has all that the source has now; `stopping` ends the check."""

    def __init__(
        self, clients: Clients, pace: Pace, pass_heartbeat: Callable[[], object], stopping: Callable[[], bool]
    ) -> None:
        self._clients, self._pace, self._pass_heartbeat, self._stopping = clients, pace, pass_heartbeat, stopping

    def run(self) -> dict[str, ReferenceCounts]:
        """By the catalog's name of a table whose items name others. Reads each of these tables of the target once."""
        found: dict[str, ReferenceCounts] = {}
        for reference in REFERENCES:
            if reference.table not in self._clients or reference.target not in self._clients:
                continue
            counts = self._check(reference)
            before = found.get(reference.table, ReferenceCounts())
            found[reference.table] = ReferenceCounts(
                broken=before.broken + counts.broken, dangling=before.dangling + counts.dangling
            )
        return found

    def _check(self, reference: Reference) -> ReferenceCounts:
        """What seems broken is read again behind a heartbeat: most often a write was on its way."""
        suspects: dict[Key, Key] = {}
        known: set[Key] = set()
        for named in self._pages(reference):
            unknown = set(named.values()) - known
            present = self._existing(reference.target, Side.TARGET, unknown)
            known = (known if len(known) < _KNOWN else set()) | present
            suspects |= {key: name for key, name in named.items() if name in unknown - present}
            if len(suspects) >= MOST_SUSPECTS:
                break
        counts = ReferenceCounts()
        for _ in range(_LOOKS):
            if not suspects:
                break
            self._pass_heartbeat()
            suspects = self._again(reference, suspects)
            in_source = self._existing(reference.target, Side.SOURCE, set(suspects.values()))
            in_target = self._existing(reference.target, Side.TARGET, set(suspects.values()))
            counts = count_broken(suspects, in_target, in_source)
            suspects = {key: name for key, name in suspects.items() if name not in in_target}
            if not counts.broken:
                break
        return counts if suspects else ReferenceCounts()

    def _pages(self, reference: Reference) -> Iterator[dict[Key, Key]]:
        client = self._clients[reference.table][Side.TARGET]
        after: bytes | None = None
        while after != b"" and not self._stopping():
            start = after or b""
            page = self._ask(lambda start=start: client.scan(0, 1, start))
            items = without_sentinels(page.items, client.table.key_names[0])
            yield named_keys(reference, items, client.table.key_names)
            after = page.last_key

    def _again(self, reference: Reference, suspects: Mapping[Key, Key]) -> dict[Key, Key]:
        """The same items as they are in the target now."""
        client = self._clients[reference.table][Side.TARGET]
        found = self._read(client, set(suspects))
        return named_keys(reference, found.values(), client.table.key_names)

    def _existing(self, table: str, side: Side, keys: set[Key]) -> set[Key]:
        return set(self._read(self._clients[table][side], keys))

    def _read(self, client: ItemClient, keys: set[Key]) -> dict[Key, bytes]:
        found: dict[Key, bytes] = {}
        waiting = sorted(keys)
        for start in range(0, len(waiting), _KEYS):
            batch = tuple(waiting[start : start + _KEYS])
            answer = self._ask(lambda batch=batch: client.get(batch))
            found |= {key: bytes(item) for key, item in answer.found.items()}
        return found

    def _ask(self, call: Callable[[], "T | Throttled | TimedOut"]) -> T:
        failures = 0
        while True:
            with self._pace():
                answer = call()
            if not isinstance(answer, Throttled | TimedOut):
                return answer
            time.sleep(retry_delay(failures))
            failures += 1
