"""The warnings in a review comment: lost data, errors, and policy violations."""

from tee_infra.core.changes.blocked import HOLDS, blocked, way_through
from tee_infra.core.changes.engine_run import Change, EngineRun, Violation
from tee_infra.core.review.changes_section import names
from tee_infra.core.review.facts import Action
from tee_infra.core.review.markdown import Block, code, row, table
from tee_infra.core.review.redact import redact


def caution(run: EngineRun, action: Action) -> list[Block]:
    """A caution box for lost data."""
    lost: dict[str, list[Change]] = {}
    for change in run.destructive:
        if holds := HOLDS.get(change.type):
            lost.setdefault(holds, []).append(change)
    if not lost:
        return []
    loss = "will be lost" if action == "preview" else "was deleted"
    lines = [f"> - {holds}: {names(changes)}" for holds, changes in sorted(lost.items())]
    contents = "Deleted with their contents" if action != "preview" else "To be deleted with their contents"
    return [Block(head=["> [!CAUTION]", f"> **Data {loss}.** {contents}:", ">", *lines])]


def blocked_block(run: EngineRun, environment: str) -> Block:
    """The changes that `up` refuses, what they would lose, and the way through."""
    refused = blocked(run)
    by_reason: dict[str, list[Change]] = {}
    for change in run.changes:
        if change.urn in refused:
            by_reason.setdefault(refused[change.urn], []).append(change)
    lines = [f"> - {names(changes)}: {why}" for why, changes in sorted(by_reason.items())]
    way = f"To keep the data: {way_through(environment)}." if run.protected else f"Diagnose it: {_repair(environment)}."
    return Block(
        head=["> [!CAUTION]", "> **Blocked, nothing was changed.** `up` refuses:", ">", *lines, ">", f"> {way}"]
    )


def _repair(environment: str) -> str:
    return code(f"tee-infra repair {environment}")


def errors_block(messages: tuple[str, ...]) -> Block:
    """The errors of a failed run."""
    redacted = sorted({redact(message) for message in messages})
    return Block(head=["#### Errors", ""], rows=[f"- {code(message, 1000)}" for message in redacted])


def policies(run: EngineRun) -> list[Block]:
    """The policy packs that ran, and their violations; a mandatory one stopped the run."""
    if not run.packs and not run.violations:
        return []
    packs = ", ".join(f"{code(name)} {code(version)}" for name, version in sorted(run.packs.items()))
    if not run.violations:
        return [Block(head=["#### Policies", "", f"✅ {packs}: no violations."])]
    found = sorted(run.violations, key=lambda each: (not each.mandatory, each.pack, each.policy, each.resource))
    return [table(["#### Policies"], ("", "Policy", "Resource", "Message"), [_violation(each) for each in found])]


def _violation(violation: Violation) -> str:
    level = "⛔&nbsp;mandatory" if violation.mandatory else "💡&nbsp;advisory"
    policy = code(f"{violation.pack}: {violation.policy}")
    return row([level, policy, code(violation.resource), code(redact(violation.message), 500)])
