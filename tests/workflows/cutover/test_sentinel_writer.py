"""Every sentinel is deleted again, also one that is being written while the others are deleted."""

import threading
from typing import Any

from tee_infra.core.cutover.requests import Done, TimedOut, Written
from tee_infra.core.tables.description import TableFacts
from tee_infra.workflows.cutover.sentinel_writer import SentinelWriter


class Client:
    """A table; a put waits for `go` and lands at its end."""

    table = TableFacts(name="t", arn="", key_names=("pk",), key_types=("S",))

    def __init__(self) -> None:
        self.keys: set[bytes] = set()
        self.go, self.waiting = threading.Event(), threading.Event()

    def write(self, puts: tuple[bytes, ...], deletes: tuple[bytes, ...]) -> Written:
        if puts:
            self.waiting.set()
            assert self.go.wait(5)
            self.keys |= {bytes(item).replace(b" ", b"") for item in puts}
        self.keys -= set(deletes)
        return Written(frozenset())


def writer(client: Any, earlier: dict[str, int] | None = None, answer: Any = None) -> SentinelWriter:
    return SentinelWriter(client, "run", earlier or {}, lambda _: answer or Done())


def test_a_sentinel_that_is_being_written_is_deleted_after_it() -> None:
    client = Client()
    sentinels = writer(client)
    thread = threading.Thread(target=lambda: sentinels.write("run/1"))
    thread.start()
    assert client.waiting.wait(5)
    sentinels.tidy()
    client.go.set()
    thread.join(5)
    assert len(client.keys) == 1
    sentinels.tidy()
    assert client.keys == set()


def test_those_of_earlier_runs_are_deleted_by_their_numbers() -> None:
    client = Client()
    client.go.set()
    writer(client).write("run/1")
    sentinels = writer(client, {"run": 100, "another": 100})
    sentinels.sweep()
    assert client.keys == set()


def test_nothing_is_written_that_the_journal_does_not_know() -> None:
    client = Client()
    client.go.set()
    assert writer(client, answer=TimedOut()).write("run/1") == TimedOut()
    assert client.keys == set()
