"""The monthly budget of an environment."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tee_infra.core import names
from tee_infra.core.settings import Settings
from tee_infra.core.tags import PREFIX
from tee_infra.program.monitoring import Monitoring


class Budget(pulumi.ComponentResource):
    """A budget for the monthly cost of all resources with the environment's tag, in US dollars.

    Notifies the topic and the address, where set, at 80 % spent and at 100 % forecast. AWS reports a cost 8 to 12
    hours later, and by tag only once the tag was activated for cost allocation in the billing console.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        limit_usd: float,
        monitoring: Monitoring | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("tee:index:Budget", name, None, opts)
        to = _subscribers(settings, monitoring)
        aws.budgets.Budget(
            f"{name}-monthly",
            name=names.budget(settings.name),
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=f"{limit_usd:.2f}",
            limit_unit="USD",
            cost_filters=[{"name": "TagKeyValue", "values": [f"user:{PREFIX}environment${settings.name}"]}],
            notifications=[_notification("ACTUAL", 80, to), _notification("FORECASTED", 100, to)] if to else None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


Subscribers = dict[str, list[pulumi.Input[str]]]


def _subscribers(settings: Settings, monitoring: Monitoring | None) -> Subscribers:
    to: Subscribers = {}
    if monitoring is not None:
        to["subscriber_sns_topic_arns"] = [monitoring.topic_arn]
    if settings.alert_email is not None:
        to["subscriber_email_addresses"] = [settings.alert_email]
    return to


def _notification(type_: str, percent: float, to: Subscribers) -> aws.budgets.BudgetNotificationArgs:
    return aws.budgets.BudgetNotificationArgs(
        notification_type=type_,
        threshold=percent,
        threshold_type="PERCENTAGE",
        comparison_operator="GREATER_THAN",
        **to,
    )
