"""Heartbeats: whether the tail has passed a moment. An empty page of a shard proves nothing, a sentinel does."""

from typing import Final

from tee_infra.core.cutover.requests import Done, Task, Wait, WriteSentinel, ask
from tee_infra.core.cutover.run import Heartbeat, Run
from tee_infra.errors import RefusedError

_EAGER_ROUNDS: Final = 10
"""With sentinels in each. A tail that needs more has much to read: each sentinel is a record too, and one to delete."""
_RAREST: Final = 20


def pass_heartbeat(run: Run) -> Task[None]:
    """Return once the target has every write that the source had acknowledged before.

    Sentinels with random keys are written until each shard that is read has returned one. A shard that is closed
    meanwhile is read to its end, and its children take its place. Raises `RefusedError` when the run stops first.
    """
    heartbeat = Heartbeat()
    run.heartbeats.append(heartbeat)
    rounds = pause = 0
    try:
        while not run.following or not run.reading <= heartbeat.passed:
            if run.stopping:
                raise RefusedError(
                    "replication: it stopped before the target had every write. The source is unchanged",
                    next="Start the replication again",
                )
            if run.following and not pause:
                yield from _beat(run, heartbeat)
                rounds += 1
                pause = min(max(0, rounds - _EAGER_ROUNDS), _RAREST)
            else:
                pause = max(0, pause - 1)
            yield Wait(run.plan.poll_seconds)
    finally:
        run.heartbeats.remove(heartbeat)


def _beat(run: Run, heartbeat: Heartbeat) -> Task[None]:
    for _ in run.reading - heartbeat.passed:
        run.beats += 1
        token = f"{run.plan.name}/{run.beats}"
        heartbeat.tokens.add(token)
        yield from ask(WriteSentinel(token), Done)
