"""The CloudWatch dashboard of an environment: a row of metrics for each table."""

import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.resources.alarms import NAMESPACE, OPERATIONS
from tee_infra.core.tables.catalog import Table

WIDGET_WIDTH: Final = 8
WIDGET_HEIGHT: Final = 6
_CONSOLES: Final = {"aws": "aws.amazon.com", "aws-cn": "amazonaws.cn", "aws-us-gov": "amazonaws-us-gov.com"}


def dashboard_body(environment: str, region: str, tables: Sequence[Table]) -> str:
    """The dashboard in CloudWatch's JSON. Widgets are on a grid 24 units wide."""
    widgets = [
        _widget(row, column, region, title, metrics)
        for row, table in enumerate(tables)
        for column, (title, metrics) in enumerate(_row(environment, table))
    ]
    return json.dumps({"widgets": widgets}, separators=(",", ":"), sort_keys=True)


def dashboard_url(arns: Arns) -> str:
    """Its address in the AWS console."""
    host = f"{arns.region}.console.{_CONSOLES[arns.partition]}"
    return f"https://{host}/cloudwatch/home?region={arns.region}#dashboards:name={quote(names.dashboard(arns.environment))}"


def _row(environment: str, table: Table) -> list[tuple[str, list[list[Any]]]]:
    name = names.table(environment, table.name)
    resources = [["TableName", name]]
    resources += [["TableName", name, "GlobalSecondaryIndexName", index.name] for index in table.indexes]
    consumed = ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")
    throttles = ("ReadThrottleEvents", "WriteThrottleEvents")
    sums: list[Any] = [{"stat": "Sum"}]
    return [
        (f"{name}: capacity units", [[NAMESPACE, metric, *of, *sums] for of in resources for metric in consumed]),
        (f"{name}: throttles", [[NAMESPACE, metric, *of, *sums] for of in resources for metric in throttles]),
        (
            f"{name}: latency, p99",
            [
                [NAMESPACE, "SuccessfulRequestLatency", "TableName", name, "Operation", operation, {"stat": "p99"}]
                for operation in OPERATIONS
            ],
        ),
    ]


def _widget(row: int, column: int, region: str, title: str, metrics: list[list[Any]]) -> dict[str, Any]:
    return {
        "type": "metric",
        "x": column * WIDGET_WIDTH,
        "y": row * WIDGET_HEIGHT,
        "width": WIDGET_WIDTH,
        "height": WIDGET_HEIGHT,
        "properties": {"title": title, "region": region, "period": 300, "view": "timeSeries", "metrics": metrics},
    }
