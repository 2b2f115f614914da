"""Rules of a switch broken on purpose, each in one place, so that the simulator shows that it would notice."""

from dataclasses import replace
from typing import Any

from tee_infra.client.lease import Leases
from tee_infra.core.cutover.switching import Bounds
from tests.support import switch_clients, switch_operator
from tests.support.cutover_broken import Break, wait_for_empty_pages
from tests.support.switch_clients import App
from tests.support.switch_operator import Process, SwitchRun
from tests.support.switch_world import Control, Slots


def begin_at_the_tip(self: Slots, control: Control, source: str) -> None:
    """The way back is armed when the tail begins, after the flip."""
    armed = control.armed
    if armed is not None and not armed.begun and armed.source == source:
        control.armed = replace(armed, position=self.worlds[source].position())
    begin(self, control, source)


begin = Slots.begin


def go_on(self: SwitchRun) -> Any:
    """The replication into the new slot is left running, in another process."""
    if self.replication is not None:
        self.replication.applies = lambda: True
        self.replication = self.run = None
    return
    yield


def apply_always(_self: Process, _source: str) -> bool:
    return True


def unconditional(kind: str) -> tuple[Break, ...]:
    return (Break(Control, "unconditional", kind),)


SWITCH_BROKEN: dict[str, tuple[Break, ...]] = {
    "no wait for the long lease": (Break(SwitchRun, "bounds", Bounds(long_lease=0.0)),),
    "no shorter lease before the drain": (Break(App, "leases", Leases(long=5.0, short=5.0)),),
    "reverse armed after the flip": (Break(Slots, "begin", begin_at_the_tip),),
    "an empty page as proof of the drain": (Break(switch_operator, "pass_heartbeat", wait_for_empty_pages),),
    "forward not stopped": (Break(SwitchRun, "_stop_forward", go_on),),
    "a flip without its condition": unconditional("flip"),
    "an end of the drain without its condition": unconditional("end of the drain"),
    "answers believed without the pointer": (Break(switch_clients, "has_moved", lambda *_: False),),
    "leases by the time of the answer": (Break(App, "_asked", lambda self, _: self.clock.time.now),),
}
