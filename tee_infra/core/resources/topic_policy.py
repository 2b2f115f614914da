"""Who may publish to the alarm topic."""

from tee_infra.core.arns import Arns
from tee_infra.core.resources.access.documents import Document, allow, document


def topic_policy(arns: Arns) -> Document:
    """The alarm topic's policy: this environment's alarms, its break-glass rule, and this account's budgets."""
    this_account = {"aws:SourceAccount": arns.account_id}
    return document(
        allow(
            "Alarms",
            ["sns:Publish"],
            [arns.topic],
            principal={"Service": "cloudwatch.amazonaws.com"},
            conditions={"ArnLike": {"aws:SourceArn": arns.alarms}, "StringEquals": this_account},
        ),
        allow(
            "Budgets",
            ["sns:Publish"],
            [arns.topic],
            principal={"Service": "budgets.amazonaws.com"},
            # AWS sends the account's ARN of the service here, not the budget's.
            conditions={"ArnLike": {"aws:SourceArn": arns.any_budget}, "StringEquals": this_account},
        ),
        allow(
            "BreakGlass",
            ["sns:Publish"],
            [arns.topic],
            principal={"Service": "events.amazonaws.com"},
            conditions={"ArnEquals": {"aws:SourceArn": arns.event_rule("break-glass")}},
        ),
    )
