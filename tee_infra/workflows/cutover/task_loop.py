"""Drives the tasks of one run in one thread, while their requests are performed elsewhere.

`core.cutover.requests` has what tasks yield. Tasks step one at a time, so that they share the run without locks.
"""

import heapq
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias, TypeVar

from tee_infra.core.cutover.requests import Answer, AwsRequest, Done, Start, Task, Until, Wait
from tee_infra.errors import RemoteError

T = TypeVar("T")
Reply: TypeAlias = Callable[[Answer | Exception], None]
Perform: TypeAlias = Callable[[AwsRequest, Reply], None]
_IDLE_SECONDS = 1.0


class ReplicationEndedError(RemoteError):
    """The replication ended before a task of it did."""

    def __init__(self) -> None:
        super().__init__("replication: it was stopped. Its journal has everything that was acknowledged")


@dataclass(eq=False, slots=True)
class _Job:
    """A task, its result, and the tasks that it has started: an error of one of them ends all."""

    future: Future[Any] = field(default_factory=Future)
    tasks: "set[_Running]" = field(default_factory=set["_Running"])


@dataclass(eq=False, slots=True)
class _Running:
    job: _Job
    task: Task[Any]
    first: bool = False


class TaskLoop:
    """The tasks of a run: `root` is the first, and the loop ends with it. `perform` must not block.

    `failure` is the error that ended the run: one that a request or a task of `root` has raised.
    """

    def __init__(self, name: str, perform: Perform) -> None:
        self._perform = perform
        self._inbox: SimpleQueue[tuple[_Running, Any] | None] = SimpleQueue()
        self._timers: list[tuple[float, int, _Running]] = []
        self._parked: list[tuple[Callable[[], bool], _Running]] = []
        self._count = 0
        self._jobs: set[_Job] = set()
        self._root = _Job()
        self._ending = False
        self._lock = threading.Lock()
        self._ended = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self.failure: Exception | None = None

    @property
    def running(self) -> bool:
        """Whether the loop has begun and not ended."""
        return self._thread.is_alive()

    def start(self, root: Task[None]) -> None:
        """Begin, once."""
        self._admit(self._root, root)
        self._thread.start()

    def submit(self, task: Task[T]) -> "Future[T]":
        """Run a task beside the others, from any thread. Its errors are its own, and leave the run alone."""
        job = _Job()
        with self._lock:
            if not self._ended:
                self._admit(job, task)
                return job.future
        task.close()
        job.future.set_exception(self.failure or ReplicationEndedError())
        return job.future

    def abandon(self) -> None:
        """End without waiting for anything, as a crash does. Requests that are on their way may still happen."""
        self._ending = True
        self._inbox.put(None)

    def join(self, seconds: float) -> bool:
        """Wait for the end; whether it came."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _admit(self, job: _Job, task: Task[Any]) -> None:
        running = _Running(job, task, first=True)
        job.tasks.add(running)
        self._jobs.add(job)
        self._inbox.put((running, None))

    def _work(self) -> None:
        try:
            while not self._ending and (self._root.tasks or not self._root.future.done()):
                self._receive()
                self._run_timers()
                self._unpark()
        except Exception as error:  # a mistake in here must not leave callers waiting
            self.failure = self.failure or error
        with self._lock:
            self._ended = True
        for job in list(self._jobs):
            self._drop(job, self.failure or ReplicationEndedError())

    def _receive(self) -> None:
        """Step the tasks that have an answer, waiting for one until a timer is due."""
        until = self._timers[0][0] if self._timers else time.monotonic() + _IDLE_SECONDS
        try:
            found = self._inbox.get(timeout=max(0.0, until - time.monotonic()))
            while True:
                if found is not None:
                    self._step(*found)
                found = self._inbox.get_nowait()
        except Empty:
            return

    def _run_timers(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            self._step(heapq.heappop(self._timers)[2], Done())

    def _unpark(self) -> None:
        """Continue the tasks whose condition holds, until none does."""
        progressed = True
        while progressed and not self._ending:
            progressed = False
            waiting, self._parked = self._parked, []
            for ready, running in waiting:
                if running not in running.job.tasks:
                    continue
                if ready():
                    progressed = True
                    self._step(running, Done())
                else:
                    self._parked.append((ready, running))

    def _step(self, running: _Running, answer: Answer | Exception | None) -> None:
        """Advance a task to its next wait."""
        job = running.job
        while running in job.tasks and not self._ending:
            try:
                request = _advance(running.task, answer)
            except StopIteration as ended:
                self._end(running, ended.value)
                return
            except Exception as error:  # a future raises it, or `failure` has it
                self._fail(job, error)
                return
            match request:
                case Start(other):
                    child = _Running(job, other)
                    job.tasks.add(child)
                    self._step(child, None)
                    answer = Done()
                case Until(ready):
                    self._parked.append((ready, running))
                    return
                case Wait(seconds):
                    self._count += 1
                    heapq.heappush(self._timers, (time.monotonic() + seconds, self._count, running))
                    return
                case _:
                    self._perform(request, lambda found: self._inbox.put((running, found)))
                    return

    def _end(self, running: _Running, result: Any) -> None:
        job = running.job
        job.tasks.discard(running)
        if running.first and not job.future.done():
            job.future.set_result(result)
        if not job.tasks:
            self._jobs.discard(job)

    def _fail(self, job: _Job, error: Exception) -> None:
        if job is self._root:
            self.failure = error
            self._ending = True
        else:
            self._drop(job, error)

    def _drop(self, job: _Job, error: Exception) -> None:
        tasks, job.tasks = list(job.tasks), set()
        self._jobs.discard(job)
        for running in tasks:
            running.task.close()
        if not job.future.done():
            job.future.set_exception(error)


def _advance(task: Task[Any], answer: Any) -> Any:
    """The next request of a task; None starts it."""
    return task.throw(answer) if isinstance(answer, Exception) else task.send(answer)
