"""The costs in a review comment: an estimate, with the date of its prices."""

from collections.abc import Iterable

from tee_infra.core.changes.engine_run import Change, EngineRun
from tee_infra.core.cost import prices
from tee_infra.core.review.changes_section import names
from tee_infra.core.review.markdown import Block, row, table


def cost_block(run: EngineRun) -> Block:
    """The difference that these changes make to the environment's cost, in US dollars a month."""
    unknown = [change for change in run.changes if change.cost_before is None or change.cost_after is None]
    rows = [row(["At rest", _signed(run.monthly_usd)]), *_stored(run.changes), *_requests(run.changes)]
    if unknown:
        rows.append(row([names(unknown), "price unknown"]))
    day = prices.AS_OF.isoformat()
    note = f"<sub>Estimate at us-east-1 list prices of {day}, without requests, log files and backups.</sub>"
    return table(["#### Cost"], ("Item", "Change per month"), rows, tail=["", note])


def _stored(changes: Iterable[Change]) -> list[str]:
    """The change in the price of each GB, because a table's size is not known here."""
    by_amount: dict[float, list[Change]] = {}
    for change in changes:
        if change.cost_before is None or change.cost_after is None:
            continue
        if amount := round(change.cost_after.gb_usd - change.cost_before.gb_usd, 4):
            by_amount.setdefault(amount, []).append(change)
    return [row([f"Per GB stored in {names(found)}", _signed(amount)]) for amount, found in sorted(by_amount.items())]


def _requests(changes: Iterable[Change]) -> list[str]:
    """The upper bounds set by throughput caps, where they change."""
    before: list[float | None] = []
    after: list[float | None] = []
    for change in changes:
        if change.cost_before is None or change.cost_after is None:
            continue
        if change.cost_before.most_requests_usd != change.cost_after.most_requests_usd:
            before.append(change.cost_before.most_requests_usd)
            after.append(change.cost_after.most_requests_usd)
    if not after:
        return []
    return [row(["Requests, at most (throughput caps)", f"from {_total(before)} to {_total(after)}"])]


def _total(bounds: list[float | None]) -> str:
    amounts = [bound for bound in bounds if bound is not None]
    return f"${sum(amounts):,.2f}" if len(amounts) == len(bounds) else "**no limit**"


def _signed(amount: float) -> str:
    if not round(amount, 2):
        return "no difference"
    return f"{'+' if amount > 0 else '-'}${abs(amount):,.2f}"
