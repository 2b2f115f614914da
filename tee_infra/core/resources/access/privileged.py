"""Production's two deployers: what is deployed every day, and what is approved one by one and reported to the team."""

from collections.abc import Sequence
from typing import Final

from tee_infra.core.arns import Arns
from tee_infra.core.resources.access.documents import EVERYTHING, Statement, actions_of, deny, with_actions

PRIVILEGED_RULE: Final = "privileged-sessions"
"""The EventBridge rule that reports every use of the roles in `role.ALERTED_ROLES`."""

DAILY_CHANGES: Final = (
    "cloudwatch:PutDashboard",
    "dynamodb:TagResource",
    "dynamodb:UntagResource",
    "dynamodb:UpdateTable",
    "ssm:AddTagsToResource",
    "ssm:PutParameter",
    "ssm:RemoveTagsFromResource",
)
"""All that the daily deployer changes: indexes, capacity and streams of tables, the app's parameters, the dashboard.

None of them shows an item, ends a record of calls, or gives access. UpdateTable can also switch off a table's deletion
protection, which IAM cannot tell apart; the table stays, because the role deletes none.
"""

_READS: Final = ("Describe", "Get", "List", "View")

_ALERT: Final = (
    "events:DeleteRule",
    "events:DisableRule",
    "events:PutRule",
    "events:PutTargets",
    "events:RemoveTargets",
    "sns:DeleteTopic",
    "sns:SetTopicAttributes",
)


def daily(grants: Sequence[Statement]) -> list[Statement]:
    """Of a deployer's grants, the reads and `DAILY_CHANGES`."""
    return [narrowed for grant in grants if (narrowed := with_actions(grant, _is_daily))]


def only_privileged(grants: Sequence[Statement]) -> Statement:
    """Deny every other action of a deployer's grants, also that of a later, wider Allow."""
    changes = {action for grant in grants for action in actions_of(grant) if not _is_daily(action)}
    return deny("OnlyPrivileged", sorted(changes), EVERYTHING)


def never_its_own_alert(arns: Arns) -> Statement:
    """The rule and the topic that report a use of the privileged deployer: a message takes minutes."""
    return deny("NeverItsOwnAlert", _ALERT, [arns.event_rule(PRIVILEGED_RULE), arns.topic])


def _is_daily(action: str) -> bool:
    return action.split(":")[1].startswith(_READS) or action in DAILY_CHANGES
