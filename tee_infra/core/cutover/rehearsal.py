"""A switch in virtual time with the latencies that were measured: how long writes would be held."""

from datetime import UTC, datetime
from typing import Any

from tee_infra.core.cutover import switch_steps as steps
from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.cutover.switching import Bounds, switch

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def expected_window(control_seconds: float, drain_seconds: float, bounds: Bounds) -> float:
    """Seconds. `control_seconds`: of one request to the control table; `drain_seconds`: of the drain and comparison.

    Raises `SwitchAbortedError` for a drain that would take longer than a switch waits for it.
    """
    running = switch("prod", "prod", "prod-v2", 0, bounds)
    seconds, answer = 0.0, None
    answers: dict[type, Any] = {
        steps.ReadPointer: Pointer(epoch=1, state="ACTIVE", slot="prod"),
        steps.WritePointer: True,
        steps.ProbeNewSlot: True,
        steps.Compare: steps.Compared(keys=0, differences=0),
        steps.RecordPosition: "R",
    }
    while True:
        try:
            step = running.send(answer)
        except StopIteration as end:
            return end.value.window_seconds
        answer = answers.get(type(step))
        match step:
            case steps.Wait(pause):
                seconds += pause
            case steps.Drain(longest):
                answer = drain_seconds <= longest
                seconds += drain_seconds
            case steps.ReadClocks():
                seconds += control_seconds
                answer = steps.Clocks(aws=_BEGIN, seconds=seconds)
            case _:
                seconds += control_seconds
