"""Alarms, their topic, and the dashboard of the same metrics."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.resources import access
from tee_infra.core.resources.alarms import NAMESPACE, Alarm, Metric, alarms
from tee_infra.core.resources.dashboard import dashboard_body, dashboard_url
from tee_infra.core.resources.topic_policy import topic_policy
from tee_infra.core.settings import Settings


class Monitoring(pulumi.ComponentResource):
    """The topic, every alarm of `tee_infra.core.resources.alarms`, and a dashboard at `dashboard_url`.

    An archived slot has only the topic, which its other alarms use."""

    topic_arn: pulumi.Output[str]
    dashboard_url: str | None

    def __init__(self, name: str, settings: Settings, arns: Arns, opts: pulumi.ResourceOptions) -> None:
        super().__init__("tee:index:Monitoring", name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        self.topic_arn = self._topic(settings, arns)
        self.dashboard_url = None
        if settings.tables:
            self._watch(settings, arns)
        self.register_outputs({"topic_arn": self.topic_arn, "dashboard_url": self.dashboard_url})

    def _watch(self, settings: Settings, arns: Arns) -> None:
        for alarm in alarms(arns.environment, settings.tables):
            self._alarm(alarm, arns.environment)
        aws.cloudwatch.Dashboard(
            f"{self._name}-dashboard",
            dashboard_name=names.dashboard(arns.environment),
            dashboard_body=dashboard_body(arns.environment, arns.region, settings.tables),
            opts=self._child,
        )
        self.dashboard_url = dashboard_url(arns)

    def _topic(self, settings: Settings, arns: Arns) -> pulumi.Output[str]:
        topic = aws.sns.Topic(f"{self._name}-topic", name=names.topic(arns.environment), opts=self._child)
        aws.sns.TopicPolicy(
            f"{self._name}-topic-policy",
            arn=topic.arn,
            policy=access.render(topic_policy(arns)),
            opts=self._child,
        )
        if settings.alert_email is not None:
            aws.sns.TopicSubscription(
                f"{self._name}-email",
                topic=topic.arn,
                protocol="email",
                endpoint=settings.alert_email,
                opts=self._child,
            )
        return topic.arn

    def _alarm(self, alarm: Alarm, environment: str) -> None:
        aws.cloudwatch.MetricAlarm(
            f"{self._name}-{alarm.name.removeprefix(f'{environment}-')}",
            name=alarm.name,
            alarm_description=alarm.description,
            evaluation_periods=alarm.periods,
            datapoints_to_alarm=alarm.datapoints,
            # An unused table has no datapoints.
            treat_missing_data="notBreaching",
            alarm_actions=[self.topic_arn],
            ok_actions=[self.topic_arn],
            **_watched(alarm),
            opts=self._child,
        )


def _watched(alarm: Alarm) -> dict[str, Any]:
    """The arguments for one of the three forms of an alarm: a band, an expression, or a plain metric."""
    if alarm.band_width is not None:
        return _band(alarm.metrics[0], alarm.band_width)
    if alarm.expression is not None:
        return _expression(alarm, alarm.expression)
    metric = alarm.metrics[0]
    return {
        "comparison_operator": "GreaterThanThreshold",
        "threshold": alarm.threshold,
        "namespace": NAMESPACE,
        "metric_name": metric.name,
        "dimensions": metric.dimensions,
        "period": metric.period,
        "extended_statistic": metric.statistic,
        # With few requests, one slow request is the percentile.
        "evaluate_low_sample_count_percentiles": "ignore",
    }


def _expression(alarm: Alarm, expression: str) -> dict[str, Any]:
    result = {"id": "result", "expression": expression, "label": alarm.name, "return_data": True}
    return {
        "comparison_operator": "GreaterThanThreshold",
        "threshold": alarm.threshold,
        "metric_queries": [result, *(_query(metric) for metric in alarm.metrics)],
    }


def _band(metric: Metric, width: int) -> dict[str, Any]:
    band = {
        "id": "band",
        "expression": f"ANOMALY_DETECTION_BAND({metric.id}, {width})",
        "label": "usual",
        "return_data": True,
    }
    return {
        "comparison_operator": "GreaterThanUpperThreshold",
        "threshold_metric_id": "band",
        "metric_queries": [band, {**_query(metric), "return_data": True}],
    }


def _query(metric: Metric) -> dict[str, Any]:
    return {
        "id": metric.id,
        "metric": {
            "namespace": NAMESPACE,
            "metric_name": metric.name,
            "dimensions": metric.dimensions,
            "period": metric.period,
            "stat": metric.statistic,
        },
    }
