"""The review comment: the changes of a deployment or a preview, as Markdown for a pull request.

Pure: the same facts give exactly the same text. The facts contain no value of any resource.
"""

import re
from datetime import timedelta
from typing import Final

from tee_infra.core.changes.blocked import blocked
from tee_infra.core.changes.engine_run import EngineRun, Operation
from tee_infra.core.review.changes_section import change_blocks, outcome_blocks
from tee_infra.core.review.cost_section import cost_block
from tee_infra.core.review.facts import Review, marker
from tee_infra.core.review.markdown import Block, code, fit
from tee_infra.core.review.warnings_section import blocked_block, caution, errors_block, policies

LIMIT: Final = 60_000
"""GitHub's limit is 65,536 characters; this leaves room for signs that GitHub may count as several."""

_ORDER: Final[tuple[Operation, ...]] = ("delete", "replace", "update", "create")


def render(review: Review) -> str:
    """The comment, at most `LIMIT` characters: rows that do not fit are only counted, the least urgent tables first."""
    head = Block(head=[marker(review.project, review.environment), f"### {_verdict(review)}"])
    parts = _blocked(review) if blocked(review.run) else _failure(review) if review.problems else _success(review)
    return fit([head, *parts, Block(head=_footer(review))], LIMIT)


def _success(review: Review) -> list[Block]:
    run = review.run
    costs = [cost_block(run)] if run.changes else []
    return [*caution(run, review.action), *change_blocks(run), *policies(run), *costs]


def _blocked(review: Review) -> list[Block]:
    """The whole plan of a change that is refused."""
    run = review.run
    costs = [cost_block(run)]
    return [blocked_block(run, review.environment), *change_blocks(run), *policies(run), *costs]


def _failure(review: Review) -> list[Block]:
    """Problems first. Changes that the run did not reach are unknown, and not listed."""
    run = review.run
    blocks = change_blocks(EngineRun(changes=tuple(change for change in run.changes if change.outcome == "planned")))
    if blocks:
        blocks.insert(0, Block(head=["Changes that the preview found before it failed; the list may be incomplete:"]))
    return [errors_block(review.problems), *policies(run), *outcome_blocks(run), *blocks]


def _verdict(review: Review) -> str:
    environment, run = code(review.environment), review.run
    if refused := blocked(run):
        return f"⛔ {environment}: blocked, {_planned(run)} ({len(refused):,} blocked)"
    if review.problems:
        attempt = "The preview of" if review.action == "preview" else "The deployment of"
        return f"❌ {attempt} {environment} failed"
    if not run.changes:
        return f"✅ {environment}: no changes"
    counts = run.counts()
    sign = "⚠️" if run.destructive else "📋" if review.action == "preview" else "✅"
    if review.action == "preview":
        return f"{sign} {environment}: {_planned(run)}"
    done = [f"{counts[operation]:,} {operation}d" for operation in _ORDER if operation in counts]
    return f"{sign} {environment} is deployed: {', '.join(done)}"


def _planned(run: EngineRun) -> str:
    counts = run.counts()
    return ", ".join(f"{counts[operation]:,} to {operation}" for operation in _ORDER if operation in counts)


def _footer(review: Review) -> list[str]:
    parts: list[str] = []
    if review.expires_at is not None:
        moment = review.expires_at.strftime("%Y-%m-%d %H:%M UTC")
        parts.append(f"{_countdown(review.expires_at - review.now)} ({moment})")
    if review.quota is not None:
        parts.append(f"{review.quota.used} of {review.quota.limit} feature environments in use")
    if review.commit:
        parts.append(f"commit {code(review.commit[:12])}")
    if review.run_url and re.fullmatch(r"https?://[\w.:/?=&%-]+", review.run_url, re.ASCII):
        parts.append(f"[log of this run]({review.run_url})")
    if not review.run.packs and not review.problems:
        parts.append("no policy pack was run")
    return [f"<sub>{' · '.join(parts)}</sub>"] if parts else []


def _countdown(left: timedelta) -> str:
    """`expires in 2 d 4 h`, to the hour; the last day to the minute."""
    minutes = int(abs(left) / timedelta(minutes=1))
    days, hours = divmod(minutes // 60, 24)
    length = f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min"
    return f"expires in {length}" if left > timedelta() else f"expired {length} ago"
