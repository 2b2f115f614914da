"""The alarms of the audit trail: calls from outside the app, and uses of the privileged roles."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.resources import audit_trail
from tee_infra.core.resources.access.privileged import PRIVILEGED_RULE
from tee_infra.program.monitoring import Monitoring

METRIC = "CallsByOthersThanTheApp"


def watch_callers(
    name: str,
    arns: Arns,
    log_group: aws.cloudwatch.LogGroup,
    monitoring: Monitoring | None,
    child: pulumi.ResourceOptions,
) -> None:
    """Count calls on items from outside the app, and raise an alarm if the environment has an alarm topic."""
    namespace = audit_trail.metric_namespace(arns.environment)
    aws.cloudwatch.LogMetricFilter(
        f"{name}-other-callers",
        name="other-callers",
        log_group_name=log_group.name,
        pattern=audit_trail.outside_app_filter(arns),
        metric_transformation={"name": METRIC, "namespace": namespace, "value": "1", "default_value": "0"},
        opts=child,
    )
    if monitoring is None:
        return
    aws.cloudwatch.MetricAlarm(
        f"{name}-other-callers-alarm",
        name=names.alarm(f"{arns.environment}-{names.SERVICE}", "other-callers"),
        alarm_description=f"A caller other than the app accessed the tables of {arns.environment}",
        namespace=namespace,
        metric_name=METRIC,
        statistic="Sum",
        period=300,
        evaluation_periods=1,
        datapoints_to_alarm=1,
        comparison_operator="GreaterThanThreshold",
        threshold=0,
        treat_missing_data="notBreaching",
        alarm_actions=[monitoring.topic_arn],
        opts=child,
    )


def report_privileged_sessions(
    name: str, arns: Arns, roles: Sequence[str], monitoring: Monitoring, child: pulumi.ResourceOptions
) -> None:
    """Notify the topic of every attempt to assume one of `roles`."""
    rule = aws.cloudwatch.EventRule(
        f"{name}-{PRIVILEGED_RULE}",
        name=names.event_rule(arns.environment, PRIVILEGED_RULE),
        description=f"A privileged role of {arns.environment} was assumed, or an attempt was refused",
        event_pattern=audit_trail.session_pattern(arns, roles),
        # CloudTrail classifies an AssumeRole as a read, and a rule that is only ENABLED does not get every read.
        state="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
        opts=child,
    )
    aws.cloudwatch.EventTarget(
        f"{name}-{PRIVILEGED_RULE}-target",
        rule=rule.name,
        target_id="alarms",
        arn=monitoring.topic_arn,
        opts=child,
    )
