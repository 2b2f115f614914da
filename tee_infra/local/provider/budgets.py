"""Budgets, recorded only: moto has no notifications (`internal/service/budgets/budget.go`)."""

from typing import Any

from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.schema import (
    ANY,
    BOOLEAN,
    NUMBER,
    STRING,
    TAGS,
    Block,
    Naming,
    SetOf,
    Values,
    computed,
    refused,
    replaces,
    updates,
)
from tee_infra.local.provider.state_only import all_tags, recorded

TYPES_OF_BUDGET = (
    "USAGE",
    "COST",
    "RI_UTILIZATION",
    "RI_COVERAGE",
    "SAVINGS_PLANS_UTILIZATION",
    "SAVINGS_PLANS_COVERAGE",
)
COST_TYPES = (
    *("includeCredit", "includeDiscount", "includeOtherSubscription", "includeRecurring", "includeRefund"),
    *("includeSubscription", "includeSupport", "includeTax", "includeUpfront", "useAmortized", "useBlended"),
)


def _same_amount(old: Any, new: Any, _block: Values) -> bool:
    """`100` and `100.0` are the same amount."""
    try:
        return float(old) == float(new)
    except (TypeError, ValueError):
        return False


NOTIFICATION = Block(
    {
        "comparisonOperator": updates(STRING, required=True, one_of=("GREATER_THAN", "LESS_THAN", "EQUAL_TO")),
        "notificationType": updates(STRING, required=True, one_of=("ACTUAL", "FORECASTED")),
        "threshold": updates(NUMBER, required=True),
        "thresholdType": updates(STRING, required=True, one_of=("PERCENTAGE", "ABSOLUTE_VALUE")),
        "subscriberEmailAddresses": updates(SetOf(STRING)),
        "subscriberSnsTopicArns": updates(SetOf(STRING)),
    }
)
COST_FILTER = Block({"name": updates(STRING, required=True), "values": updates(SetOf(STRING), required=True)})


def _identify(aws: Aws, inputs: Values) -> str:
    return f"{inputs.get('accountId', aws.account_id)}:{inputs['name']}"


def _compute(aws: Aws, inputs: Values) -> Values:
    account = inputs.get("accountId", aws.account_id)
    return {"accountId": account, "arn": f"arn:aws:budgets::{account}:budget/{inputs['name']}"} | all_tags(inputs)


BUDGET = recorded(
    "aws:budgets/budget:Budget",
    "Budget",
    {
        "name": replaces(STRING, named=Naming(longest=100)),
        "namePrefix": refused("write the whole name instead of a prefix"),
        "accountId": replaces(STRING, keeps=True),
        "budgetType": updates(STRING, required=True, one_of=TYPES_OF_BUDGET),
        "timeUnit": updates(STRING, required=True, one_of=("DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY")),
        "limitAmount": updates(STRING, keeps=True, same=_same_amount),
        "limitUnit": updates(STRING, keeps=True),
        "timePeriodStart": updates(STRING, keeps=True),
        "timePeriodEnd": updates(STRING, default="2087-06-15_00:00"),
        "costFilters": updates(SetOf(COST_FILTER, key="name"), keeps=True),
        "costTypes": updates(Block({name: updates(BOOLEAN) for name in COST_TYPES}), keeps=True),
        "notifications": updates(SetOf(NOTIFICATION)),
        "plannedLimits": updates(SetOf(ANY)),
        "autoAdjustData": updates(ANY),
        "filterExpression": updates(ANY),
        "metrics": updates(STRING, keeps=True),
        "billingViewArn": updates(STRING, keeps=True),
        "arn": computed(STRING),
        **TAGS,
    },
    identify=_identify,
    compute=_compute,
)

TYPES = (BUDGET,)
