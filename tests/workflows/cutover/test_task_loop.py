"""The loop of a replication: what its tasks are sent, the errors that are thrown into them, and its end."""

from collections.abc import Generator
from typing import Any

import pytest

from tee_infra.core.cutover.requests import Children, Done, ReadChildren, Start, Until, Wait
from tee_infra.errors import RefusedError
from tee_infra.workflows.cutover.task_loop import ReplicationEndedError, TaskLoop

Steps = Generator[Any, Any, Any]


def perform(request: Any, reply: Any) -> None:
    """Answers a shard's children at once; a shard `bad` is an error, `never` has no answer."""
    if request.shard == "bad":
        reply(RefusedError("bad shard"))
    elif request.shard != "never":
        reply(Children((f"{request.shard}-1",)))


def forever() -> Steps:
    yield Until(lambda: False)


@pytest.fixture
def loop() -> Any:
    made = TaskLoop("loop", perform)
    yield made
    made.abandon()
    assert made.join(5)


def test_a_task_is_sent_each_answer_and_its_result_is_told(loop: TaskLoop) -> None:
    seen: list[str] = []

    def child() -> Steps:
        yield Wait(0.01)
        seen.append("child")

    def task() -> Steps:
        yield Start(child())
        yield Until(lambda: bool(seen))
        return ((yield ReadChildren("a")), (yield Wait(0)))

    loop.start(forever())
    assert loop.submit(task()).result(5) == (Children(("a-1",)), Done())
    assert loop.running


def test_the_error_of_a_request_is_thrown_into_its_task_which_may_go_on(loop: TaskLoop) -> None:
    def task() -> Steps:
        try:
            yield ReadChildren("bad")
        except RefusedError as error:
            return error.message, (yield ReadChildren("a"))

    loop.start(forever())
    assert loop.submit(task()).result(5) == ("bad shard", Children(("a-1",)))


def test_the_error_of_a_submitted_task_leaves_the_run_alone(loop: TaskLoop) -> None:
    closed: list[str] = []

    def other() -> Steps:
        try:
            yield Until(lambda: False)
        finally:
            closed.append("other")

    def task() -> Steps:
        yield Start(other())
        yield ReadChildren("bad")

    loop.start(forever())
    with pytest.raises(RefusedError, match="bad shard"):
        loop.submit(task()).result(5)
    assert (closed, loop.running, loop.failure) == (["other"], True, None)


def test_the_error_of_the_first_task_or_of_one_that_it_started_ends_all() -> None:
    def child() -> Steps:
        yield ReadChildren("bad")

    def root() -> Steps:
        yield Start(child())
        yield Until(lambda: False)

    loop = TaskLoop("loop", perform)
    waiting = loop.submit(forever())
    loop.start(root())
    with pytest.raises(RefusedError, match="bad shard"):
        waiting.result(5)
    assert loop.join(5)
    assert isinstance(loop.failure, RefusedError)
    with pytest.raises(RefusedError, match="bad shard"):
        loop.submit(forever()).result(5)


def test_an_abandoned_loop_waits_for_no_answer() -> None:
    def task() -> Steps:
        yield ReadChildren("never")

    loop = TaskLoop("loop", perform)
    loop.start(forever())
    waiting = loop.submit(task())
    loop.abandon()
    with pytest.raises(ReplicationEndedError):
        waiting.result(5)
    assert loop.join(5)
