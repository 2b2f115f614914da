"""Mend what is wrong with an environment, never at the cost of a resource."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Final

from tee_infra.aws.leftovers import Leftovers
from tee_infra.core.changes.engine_run import Plan
from tee_infra.core.cleanup.leftovers import plan_sweep
from tee_infra.core.lifecycle.destroy_transitions import lifted
from tee_infra.core.pulumi_state.files import checkpoint_file
from tee_infra.workflows.control.history import audited
from tee_infra.workflows.repair.diagnose import Finding, Kind, examine
from tee_infra.workflows.repair.subject import Patient
from tee_infra.workflows.session.checkout import NAME
from tee_infra.workflows.session.engine_locks import break_stale_locks
from tee_infra.workflows.session.stack_session import OpenStack


@dataclass(frozen=True, kw_only=True)
class Repaired:
    """What is still wrong. `plan` is what the next `up` would change, once nothing is wrong any more."""

    remaining: list[Finding]
    plan: Plan | None


def repair(patient: Patient, shown: Sequence[Finding]) -> Repaired:
    """Mend those of the findings that were `shown` to a person and are still there, under the environment's lock.

    Raises `LockedError`, `LockLostError`, `RecordChangedError`, `AwsError`, and as `Stack` does.
    """
    with patient.opened.lock("tee-infra repair") as check, _noted(patient) as details:
        left: list[Finding] = []
        for finding in examine(patient):
            if finding.mends and finding in shown:
                check()
                left += _MENDS[finding.kind](patient) or []
                details.append(finding.found)
        after = patient.again()
        remaining = [*examine(after), *left]
        return Repaired(remaining=remaining, plan=None if remaining else settled(after))


def settled(patient: Patient) -> Plan | None:
    """What the next `up` would change; None where there is nothing to make whole."""
    if patient.is_going or patient.checkpoint() is None:
        return None
    return patient.opened.stack.preview()


def _noted(patient: Patient) -> AbstractContextManager[list[str]]:
    """Feature environments have a record of what is done to them."""
    if patient.home is None:
        return nullcontext([])
    return audited(patient.home.control, patient.home.actor, patient.environment.name, "repair")


def _break_locks(patient: Patient) -> None:
    if patient.state is not None:
        break_stale_locks(patient.state, patient.environment.name, alone=patient.alone)


def _restore(patient: Patient) -> list[Finding]:
    """Put the newest backup in place, keep the broken file beside it, and take over what it does not know.

    Returns what cannot be taken over.
    """
    if patient.state is None:
        return []
    name = checkpoint_file(NAME, patient.environment.name)
    broken, backup = patient.checkpoint(), patient.newest_backup()
    if broken is not None:
        # Another ending: the engine takes every *.json in this folder for a stack.
        with patient.state.write(f"{name}.broken-{patient.now:%Y%m%dT%H%M%SZ}") as file:
            file.write(broken)
    if backup is not None:
        with patient.state.read(backup) as copy, patient.state.write(name) as file:
            file.write(copy.read())
    elif broken is not None:
        patient.state.delete(name)
    return [] if patient.is_going else _adopt(patient.opened)


def _adopt(opened: OpenStack) -> list[Finding]:
    opened.stack.create()
    adoption = opened.stack.adopt(opened.target.account_id, opened.settings.region)
    opened.report(f"took over what AWS has of {len(adoption.adopted)} resources")
    if not adoption.unknown and not opened.stack.preview().changes:
        opened.stack.up()  # changes nothing, and notes in the state what hangs on what
    return [_unknown(name, opened.environment.name) for name in adoption.unknown]


def _unknown(name: str, environment: str) -> Finding:
    cure = f"if AWS has it, before the next up: pulumi import TYPE {name} ID --stack {environment}"
    return Finding(kind="lost", found=f"{name} cannot be found by its name", cure=cure, mends=False)


def _recover(patient: Patient) -> None:
    opened = patient.opened
    opened.stack.recover(opened.target.account_id, opened.settings.region)


def _lift(patient: Patient) -> None:
    home, record = patient.home, patient.record
    if home is None or record is None:
        return
    leftovers = Leftovers.connect(home.connection, NAME)
    tables = leftovers.tables(patient.environment).values()
    obstacles = [f"deletion protection is on for {table.name}" for table in tables if table.deletion_protection]
    sweep = plan_sweep(record, leftovers.find(patient.environment), home.target.account_id, home.host.region)
    obstacles += [f"{name}: {reason}" for name, reason in sweep.left.items()]
    if obstacles:
        home.report(f"still in the way: {'; '.join(obstacles)}")
        return
    home.control.write(lifted(record))
    home.report("nothing is in the way any more: the next cleanup goes on")


_MENDS: Final[dict[Kind, Callable[[Patient], list[Finding] | None]]] = {
    "stack-lock": _break_locks,
    "mark": _break_locks,
    "state": _restore,
    "lost": _restore,
    "pending": _recover,
    "quarantine": _lift,
}
