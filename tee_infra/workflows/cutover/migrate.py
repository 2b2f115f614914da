"""A migration: replicate, compare once the target has caught up, and go on until it is stopped."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import Final

from tee_infra.aws.connection import AwsError
from tee_infra.aws.control_locks import Locks
from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_switch import Pointers
from tee_infra.aws.deadline import start
from tee_infra.core.cutover.preflight import MOST_LAG
from tee_infra.core.cutover.progress_report import Report
from tee_infra.core.cutover.validation import Comparison
from tee_infra.core.lifecycle.actor import Actor
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import PartialError, RefusedError, TeeInfraError
from tee_infra.workflows.control.environment_lock import LockHandle, held_locks, locked
from tee_infra.workflows.control.processes import this_actor
from tee_infra.workflows.cutover.orders import OrderedPace, read_present_orders
from tee_infra.workflows.cutover.plan import MigrationPlan
from tee_infra.workflows.cutover.replication import Replication, lock_name, switch_lock_name
from tee_infra.workflows.cutover.reporting import present_report
from tee_infra.workflows.cutover.table_replication import Tuning
from tee_infra.workflows.cutover.warming import Warmer

_TICK_SECONDS: Final = 0.5
_REPORT_SECONDS: Final = 5.0
_COMPARED_FOR_SECONDS: Final = 6 * 3600.0
"""A comparison is repeated so often: a switch wants one of the last 24 hours."""
_BLIND_SECONDS: Final = 10.0
"""Without having read the pointer for so long, nothing is written to the target."""
_DIFFERENT_FOR_SECONDS: Final = 600.0
"""The same after comparisons with a difference: a person may have corrected the items."""
_COMPARISONS: Final = 3
_DRAIN_SECONDS: Final = 60.0


class StillDifferentError(PartialError):
    """The target has caught up but differs; `tables` has the numbers of different and of quarantined items, and of
    broken references. `kept`: the target was open until the last switch, and nothing that differs was overwritten."""

    def __init__(self, plan: MigrationPlan, found: Mapping[str, Comparison]) -> None:
        source, target = plan.ends.source_name, plan.ends.target_name
        self.target = target
        self.tables = {
            name: {
                "different": len(each.different) + len(each.unsettled),
                "quarantined": len(each.quarantined),
                "broken_references": each.broken,
            }
            for name, each in found.items()
            if not each.clean
        }
        self.kept = not plan.kept.isdisjoint(self.tables)
        told = ", ".join(
            f"{name} ({each['different']} different, {each['quarantined']} in quarantine, "
            f"{each['broken_references']} broken references)"
            for name, each in self.tables.items()
        )
        if self.kept:
            end = (
                f"It was open until the last switch: an app may have written it, so it was kept. {source} is unchanged"
            )
            further = f"Look at both versions: tee-infra data validate --from {source} --to {target}"
        else:
            end = "Nothing was lost: the source is unchanged"
            further = "Correct the transform or the items, then run the same command again: it resumes"
        super().__init__(f"{target}: it follows its source, and still differs in {told}. {end}", next=further)


@dataclass(frozen=True, kw_only=True)
class MigrationResult:
    """`caught_up`: the target had every write up to a moment after a complete comparison without a difference.

    `stopped`: by Ctrl-C or a signal. `switched`: a switch has opened the target to the app. `comparisons` are the last
    ones, by table, empty if there was none.
    """

    caught_up: bool
    stopped: bool
    switched: bool = False
    report: Report
    comparisons: Mapping[str, Comparison]


def run_migration(
    plan: MigrationPlan,
    control: ControlItems,
    *,
    until_caught_up: bool,
    report: Callable[[Report], None],
    tuning: Tuning | None = None,
) -> MigrationResult:
    """Migrate, until Ctrl-C, a switch or, with `until_caught_up`, until the target is equal and up to date.

    `report` is called about twice a second. After a crash the same call goes on where the journal stands. While a
    switch runs, it has the replication; it goes on here if the switch leaves the source open. Raises `LockedError` for
    a second migration into the same target, `LockLostError`, `RefusedError` where the target was opened to the app, and
    what ended the replication of a table. What the target takes at once is raised meanwhile, if it is too little.
    """
    actor = this_actor()
    purpose = f"tee-infra migrate --from {plan.ends.source_name} --to {plan.ends.target_name}"
    with closing(Warmer(plan.ends, plan.warming)) as warmer:
        while True:
            with locked(Locks(control), lock_name(plan.ends.target_name), actor, purpose) as lock:
                migration = _Migration(plan, control, lock, warmer, actor=actor, report=report, tuning=tuning)
                result = migration.run(until_caught_up=until_caught_up)
            if not migration.handed_over:
                return result
            try:
                while _is_switching(control, plan.home):
                    time.sleep(_TICK_SECONDS)
                if _is_open(control, plan):
                    return replace(result, switched=True)
            except KeyboardInterrupt:
                return replace(result, stopped=True)


def _is_switching(control: ControlItems, home: str) -> bool:
    return switch_lock_name(home) in held_locks(Locks(control))


def _is_open(control: ControlItems, plan: MigrationPlan) -> bool:
    """Whether a switch has opened the target."""
    pointer = Pointers(control, plan.home).read()[0]
    return not isinstance(pointer, Unreadable) and pointer.epoch > 0 and pointer.slot == plan.ends.target_name


class _Migration:
    def __init__(
        self,
        plan: MigrationPlan,
        control: ControlItems,
        lock: LockHandle,
        warmer: Warmer,
        *,
        actor: Actor,
        report: Callable[[Report], None],
        tuning: Tuning | None,
    ) -> None:
        self._warmer = warmer
        self._plan, self._control, self._lock, self._actor, self._tell = plan, control, lock, actor, report
        self._pace = OrderedPace()
        self._read_at = -_BLIND_SECONDS
        self._reported_at = -_REPORT_SECONDS
        self._comparing: Future[dict[str, Comparison]] | None = None
        self._compared: dict[str, Comparison] = {}
        self._compared_at: float | None = None
        self._comparisons = 0
        self._draining: Future[bool] | None = None
        self.handed_over = False
        """Whether it has ended because a switch wants the replication."""
        self._replication = Replication(
            plan.ends,
            control,
            lock,
            transform=plan.transform,
            applies=lambda: time.monotonic() - self._read_at < _BLIND_SECONDS,
            pace=self._pace,
            kept=plan.kept,
            tuning=tuning,
        )

    def run(self, *, until_caught_up: bool) -> MigrationResult:
        """Until it is stopped or, if that is wanted, until it has caught up."""
        caught_up = stopped = False
        problem: str | None = "ended"
        try:
            self._watch()
            self._warmer.begin()
            self._replication.start()
            while not caught_up and not self.handed_over:
                self._replication.require_running()
                self._lock.check()
                self._watch()
                self._report()
                self._compare()
                caught_up = until_caught_up and self._is_done()
                time.sleep(_TICK_SECONDS)
            problem = None
        except KeyboardInterrupt:
            stopped, problem = True, None
        except TeeInfraError as error:
            problem = error.message
            raise
        finally:
            self._pace.ended = True
            final = self._present(running=False, problem=problem)
            self._replication.stop()
            with suppress(TeeInfraError):
                self._control.put_together([final.item()], self._lock.guard)
        return MigrationResult(caught_up=caught_up, stopped=stopped, report=final, comparisons=self._compared)

    def _watch(self) -> None:
        """Read the pointer and the orders. Raises `RefusedError` if the target was opened to the app."""
        ends = self._plan.ends
        try:
            pointer, _ = Pointers(self._control, self._plan.home).read()
            self._pace.orders = read_present_orders(self._control, ends.source_name, ends.target_name)
            self.handed_over = _is_switching(self._control, self._plan.home)
        except AwsError:
            return  # nothing is written once it lasts too long
        if isinstance(pointer, Unreadable):
            return
        if pointer.epoch and pointer.slot == ends.target_name:
            raise RefusedError(
                f"{ends.target_name}: it was opened to the app (epoch {pointer.epoch}), so the replication into it has "
                "ended. Nothing was written since",
                next=f"See which slot is open: tee-infra migrate status {self._plan.home}",
            )
        self._read_at = time.monotonic()

    def _compare(self) -> None:
        """Begin a comparison when one is due, and take the result of one that has ended."""
        if self._comparing is not None:
            if self._comparing.done():
                self._compared, self._comparing = self._comparing.result(), None
                self._compared_at = time.monotonic()
                self._comparisons += 1
            return
        holds = _COMPARED_FOR_SECONDS if self._clean else _DIFFERENT_FOR_SECONDS
        due = self._compared_at is None or time.monotonic() - self._compared_at > holds
        if (due or not self._clean) and self._comparisons < _COMPARISONS and self._near:
            self._comparing = start(self._replication.verify, "comparison")
        elif due:
            self._comparisons = 0

    @property
    def _near(self) -> bool:
        """Whether every target follows its source closely."""
        lags = self._replication.lag_seconds().values()
        return self._replication.following and all(lag is not None and lag < MOST_LAG for lag in lags)

    @property
    def _clean(self) -> bool:
        return bool(self._compared) and all(found.clean for found in self._compared.values())

    def _is_done(self) -> bool:
        """Whether it has caught up. Gives up after some comparisons with a difference."""
        if self._comparing is not None:
            return False
        if not self._clean:
            if self._comparisons >= _COMPARISONS:
                raise StillDifferentError(self._plan, self._compared)
            return False
        if not self._warmer.settled:
            return False  # a switch would be refused
        if self._draining is None:
            # Beside this loop: without the pointer that it reads nothing is written, so nothing would be drained.
            self._draining = start(lambda: self._replication.drain(_DRAIN_SECONDS), "drain") if self._near else None
            return False
        if not self._draining.done():
            return False
        drained, self._draining = self._draining.result(), None
        return drained

    def _report(self) -> None:
        found = self._present(running=True, problem=None)
        self._tell(found)
        if time.monotonic() - self._reported_at >= _REPORT_SECONDS:
            self._reported_at = time.monotonic()
            self._replication.write([found.item()])

    def _present(self, *, running: bool, problem: str | None) -> Report:
        return present_report(
            self._replication,
            self._actor,
            self._pace.orders,
            running=running,
            problem=problem,
            estimated={name: found.items for name, found in self._plan.estimates.items()},
            comparing=self._comparing is not None,
            warming=self._warmer.states(),
        )
