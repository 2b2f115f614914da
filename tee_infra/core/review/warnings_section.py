"""What a reviewer of a run must not overlook: data that goes, problems, and policies."""

from typing import Final

from tee_infra.core.changes.engine_run import Change, EngineRun, Violation
from tee_infra.core.review.changes_section import names
from tee_infra.core.review.facts import Action
from tee_infra.core.review.markdown import Block, code, row, table
from tee_infra.core.review.redact import redact

_HOLDS_DATA: Final = {
    "aws:dynamodb/table:Table": "items",
    "aws:s3/bucket:Bucket": "files",
    "aws:kms/key:Key": "a key, without which nobody reads what it encrypts",
    "aws:cloudwatch/logGroup:LogGroup": "logs",
}


def caution(run: EngineRun, action: Action) -> list[Block]:
    """Data that goes, in a box that nobody overlooks."""
    lost: dict[str, list[Change]] = {}
    for change in run.destructive:
        if holds := _HOLDS_DATA.get(change.type):
            lost.setdefault(holds, []).append(change)
    if not lost:
        return []
    goes = "is lost" if action == "preview" else "was deleted"
    lines = [f"> - {holds}: {names(changes)}" for holds, changes in sorted(lost.items())]
    return [Block(head=["> [!CAUTION]", f"> **Data {goes}.** What these hold goes with them:", ">", *lines])]


def problems(told: tuple[str, ...]) -> Block:
    """Why a run failed."""
    found = sorted({redact(problem) for problem in told})
    return Block(head=["#### Why it failed", ""], rows=[f"- {code(problem, 1000)}" for problem in found])


def policies(run: EngineRun) -> list[Block]:
    """The packs that looked at it, and what they found; a mandatory violation stopped the run."""
    if not run.packs and not run.violations:
        return []
    packs = ", ".join(f"{code(name)} {code(version)}" for name, version in sorted(run.packs.items()))
    if not run.violations:
        return [Block(head=["#### Policies", "", f"✅ {packs}: no violation."])]
    found = sorted(run.violations, key=lambda each: (not each.mandatory, each.pack, each.policy, each.resource))
    return [table(["#### Policies"], ("", "Policy", "Resource", "Says"), [_violation(each) for each in found])]


def _violation(violation: Violation) -> str:
    level = "⛔&nbsp;mandatory" if violation.mandatory else "💡&nbsp;advice"
    policy = code(f"{violation.pack}: {violation.policy}")
    return row([level, policy, code(violation.resource), code(redact(violation.message), 500)])
