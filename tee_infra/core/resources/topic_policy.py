"""Who may publish to the alarm topic."""

from tee_infra.core.arns import Arns
from tee_infra.core.resources.access.documents import Document, allow, document
from tee_infra.core.resources.access.privileged import PRIVILEGED_RULE


def topic_policy(arns: Arns) -> Document:
    """The alarm topic's policy: its alarms, its rule of privileged sessions, and the account's budgets."""
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
            "PrivilegedSessions",
            ["sns:Publish"],
            [arns.topic],
            principal={"Service": "events.amazonaws.com"},
            conditions={"ArnEquals": {"aws:SourceArn": arns.event_rule(PRIVILEGED_RULE)}},
        ),
    )
