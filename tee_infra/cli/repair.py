"""`tee-infra repair`."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import click

from tee_infra.cli.options import (
    dry_run_option,
    environment_argument,
    json_option,
    local_option,
    now_option,
    yes_option,
)
from tee_infra.cli.output import Output, confirm_by_name, prints
from tee_infra.cli.results import ResultModel
from tee_infra.core.environments import Environment
from tee_infra.errors import PartialError
from tee_infra.workflows.repair.diagnose import Finding, Kind, diagnose
from tee_infra.workflows.repair.repair import Repaired, repair, settled
from tee_infra.workflows.repair.subject import RepairSubject, open_subject
from tee_infra.workflows.session.checkout import find_project


class NotWellError(PartialError):
    """A finding is left that repair cannot fix."""

    def __init__(self, environment: str, remaining: Sequence[Finding]) -> None:
        self.environment = environment
        self.remaining = remaining
        first = remaining[0]
        others = f" ({len(remaining) - 1} more are shown above)" if len(remaining) > 1 else ""
        cure = f"tee-infra repair {environment}" if first.mends else first.cure
        super().__init__(f"{environment}: not repaired: {first.found}{others}", next=f"To repair it: {cure}")


class FindingFacts(ResultModel):
    """Something that is wrong, and how it is put right: by `repair` itself if it `mends`, else by a person."""

    kind: Kind
    found: str
    cure: str
    mends: bool


class RepairResult(ResultModel):
    """What was found, and what remains of it. `counts`: what a preview finds then, null where there was none.

    `loses`: the resources that the next `up` would delete or replace, or refuse to.
    """

    environment: str
    findings: list[FindingFacts]
    remaining: list[FindingFacts]
    counts: dict[str, int] | None
    loses: list[str]


@prints(RepairResult)
@click.command("repair")
@environment_argument
@local_option
@now_option
@yes_option
@dry_run_option
@json_option
def repair_command(
    *, environment: Environment, local: bool, now: datetime | None, yes: bool, dry_run: bool, as_json: bool
) -> None:
    """Diagnose and repair an environment.

    Repairs stale stack locks, state that is lost, unreadable, refused by the engine, or that forgot or doubled a
    resource, creates that a killed run left pending, and quarantine. Never deletes or changes a resource. For an
    unfinished run, prints the command that resumes it.
    """
    output = Output(as_json)
    with open_subject(find_project(Path.cwd()), environment, output, local=local, now=now) as subject:
        findings = diagnose(subject)
        if dry_run or not any(finding.mends for finding in findings):
            done = Repaired(remaining=findings, plan=None if findings else settled(subject))
            output.result(_result(subject, findings, done), [*_lines(findings), *_end(subject, done)])
        else:
            for line in _lines(findings):
                output.say(line)
            confirm_by_name(
                output,
                environment.name,
                f"This repairs the findings of {environment.name} that are marked `repair`.",
                yes=yes,
            )
            done = repair(subject, findings)
            output.result(_result(subject, findings, done), [*_lines(done.remaining), *_end(subject, done)])
    if done.remaining and not dry_run:
        raise NotWellError(environment.name, done.remaining)


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        yield f"! {finding.found}"
        yield f"  {'repair' if finding.mends else 'by hand'}: {finding.cure}"


def _end(subject: RepairSubject, done: Repaired) -> Iterator[str]:
    name, record = subject.environment.name, subject.record
    if not done.remaining:
        gone = record is not None and record.state == "destroyed"
        lost = ", ".join(change.name for change in done.plan.destructive) if done.plan else ""
        if lost:
            yield f"{name}: the next up would delete or replace {lost}. Compare the program with this state first"
            yield f"preview: {done.plan.summary() if done.plan else ''}. To see it: tee-infra preview {name}"
            return
        yield f"{name}: destroyed, nothing to repair" if gone else f"{name}: healthy"
    if done.plan is not None:
        then = f". To apply: tee-infra up {name}" if done.plan.changes else ""
        yield f"preview: {done.plan.summary()}{then}"


def _result(subject: RepairSubject, findings: Sequence[Finding], done: Repaired) -> RepairResult:
    return RepairResult(
        environment=subject.environment.name,
        findings=[FindingFacts.model_validate(finding) for finding in findings],
        remaining=[FindingFacts.model_validate(finding) for finding in done.remaining],
        counts=done.plan.counts() if done.plan else None,
        loses=[change.name for change in done.plan.destructive] if done.plan else [],
    )
