"""`copy(key)`: what the source has now, strongly read, goes to the target; what it does not have is deleted there."""

from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.cutover.requests import (
    GetItems,
    Items,
    Key,
    Side,
    Task,
    Throttled,
    TimedOut,
    Until,
    Wait,
    WriteItems,
    Written,
    ask,
    retry_delay,
)
from tee_infra.core.cutover.run import WRITE_ITEMS, Run, quarantine, release, settle_unanswered, transformed


def work(run: Run, lane: int) -> Task[None]:
    """Copy the keys of a lane until the run ends."""
    failures = 0
    while True:
        yield Until(lambda: run.lanes.waits(lane) or run.ended)
        if not run.lanes.waits(lane):
            return
        keys = run.lanes.take(lane, WRITE_ITEMS)
        run.dirty(keys)
        again = yield from copy_keys(run, keys)
        run.lanes.settle(lane, again)
        failures = failures + 1 if again else 0
        if again:
            yield Wait(retry_delay(failures))


def copy_keys(run: Run, keys: tuple[Key, ...]) -> Task[frozenset[Key]]:
    """Copy keys once; those that the target has not acknowledged.

    A write without an answer may land later, over the value of the next copy: the lane waits until it cannot.
    """
    found = yield from read_source(keys)
    puts: list[RawItem] = []
    held: set[Key] = set()
    for key, item in found.items():
        result = yield from transformed(run, key, item)
        if result is None:
            held.add(key)
        else:
            puts.append(result)
    deletes = tuple(key for key in keys if key not in found)
    if not puts and not deletes:
        return frozenset()
    answer = yield WriteItems(tuple(puts), deletes)
    match answer:
        case Written(unprocessed, refused):
            for key, reason in refused.items():
                yield from quarantine(run, key, reason)
            held |= refused.keys() | unprocessed
            yield from release(run, [key for key in keys if key not in held])
            return unprocessed
        case TimedOut():
            yield from settle_unanswered(run)
        case Throttled():
            pass
        case _:
            raise TypeError(f"WriteItems was answered with {type(answer).__name__}")
    return frozenset(keys)


def read_source(keys: tuple[Key, ...]) -> Task[dict[Key, RawItem]]:
    """The source's present items."""
    answer = yield from ask(GetItems(Side.SOURCE, keys), Items)
    return answer.found
