"""The changes of a table while it is copied, counted in its stream.

A position is taken in every open shard before the first read, and read on from now and then: an iterator lasts for
15 minutes. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html
"""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_POLL_SECONDS: Final = 60.0
_LAST_LOOK_SECONDS: Final = 20.0
"""The longest time to read on at the end, on a table that is written faster than its stream is read."""
_EMPTY_IN_A_ROW: Final = 2
"""A page without records is not the end of an open shard, so one is no proof."""
MOST_KEYS: Final = 1_000_000


class StreamWatch:
    """Counts the keys that change from `open` to `finish`; for one thread. What it cannot see, `problem` says.

    `client` is botocore's for DynamoDB Streams. A watch never fails a copy.
    """

    def __init__(self, client: Any, stream_arn: str) -> None:
        self._client = client
        self._arn = stream_arn
        self._iterators: dict[str, str | None] = {}
        self._keys: set[int] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name=f"watch {stream_arn}", daemon=True)
        self.problem: str | None = None

    def open(self) -> None:
        """Take the positions, and follow them in a thread."""
        self._look(self._begin)
        if self.problem is None:
            self._thread.start()

    def finish(self) -> int:
        """Read to the end, and return the number of changed keys."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._look(self._read_on)
        return len(self._keys)

    def _follow(self) -> None:
        while not self._stop.wait(_POLL_SECONDS):
            self._look(self._read_on)

    def _look(self, action: Any) -> None:
        if self.problem is not None:
            return
        try:
            action()
        except (BotoCoreError, ClientError) as error:
            self.problem = " ".join(str(error).split())

    def _begin(self) -> None:
        for shard in self._shards():
            is_open = "EndingSequenceNumber" not in shard["SequenceNumberRange"]
            self._iterators[shard["ShardId"]] = self._iterator(shard["ShardId"], "LATEST") if is_open else None

    def _read_on(self) -> None:
        due = time.monotonic() + _LAST_LOOK_SECONDS
        for shard in self._shards():
            # A shard that is new since the beginning has no record from before it.
            if shard["ShardId"] not in self._iterators:
                self._iterators[shard["ShardId"]] = self._iterator(shard["ShardId"], "TRIM_HORIZON")
        for shard_id in self._iterators:
            empty = 0
            while self._iterators[shard_id] and empty < _EMPTY_IN_A_ROW:
                reply = self._client.get_records(ShardIterator=self._iterators[shard_id])
                self._iterators[shard_id] = reply.get("NextShardIterator")
                empty = 0 if reply["Records"] else empty + 1
                self._note(reply["Records"])
                if time.monotonic() > due or len(self._keys) >= MOST_KEYS:
                    self.problem = "the table is written faster than its stream is read"
                    return

    def _note(self, records: list[dict[str, Any]]) -> None:
        self._keys |= {hash(json.dumps(record["dynamodb"]["Keys"], sort_keys=True, default=repr)) for record in records}

    def _shards(self) -> Iterator[dict[str, Any]]:
        more: dict[str, str] = {}
        while True:
            found = self._client.describe_stream(StreamArn=self._arn, **more)["StreamDescription"]
            yield from found["Shards"]
            if not found.get("LastEvaluatedShardId"):
                return
            more = {"ExclusiveStartShardId": found["LastEvaluatedShardId"]}

    def _iterator(self, shard_id: str, kind: str) -> str:
        reply = self._client.get_shard_iterator(StreamArn=self._arn, ShardId=shard_id, ShardIteratorType=kind)
        return str(reply["ShardIterator"])


WATCH_CONFIG: Final = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2, "mode": "standard"})
"""Short: a stream that does not answer must not hold up a copy."""
