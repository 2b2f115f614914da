"""The program of the bare tables: they exist, and get the protections of production; nothing of theirs is shaped.

A stack of its own, `legacy`, of the same project: an `up` of prod never touches the tables that the app uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from tee_infra.core import names, tags
from tee_infra.core.arns import Arns
from tee_infra.core.cutover.adoption import Cap, LegacyTable
from tee_infra.core.environments import LEGACY_SLOT
from tee_infra.core.settings import Settings
from tee_infra.core.target import AwsTarget
from tee_infra.program.audit_trail import AuditTrail
from tee_infra.program.data_tables import WARM
from tee_infra.program.inputs import Inputs
from tee_infra.program.monitoring import Monitoring
from tee_infra.program.provider import aws_provider


def deploy_legacy(
    target: AwsTarget, settings: Settings, tables: Sequence[LegacyTable], *, release: bool = False
) -> None:
    """Protect the bare tables in the account of production's `settings`.

    `release`: the tables without their protections. Without `tables` only the evidence stays: the trail, its bucket,
    log group and key.
    """
    settings = settings.model_copy(update={"archived": False})  # of prod's own tables
    arns = Arns(account_id=target.account_id, region=settings.region, environment=names.LEGACY)
    inputs = Inputs(environment=LEGACY_SLOT, settings=settings, target=target)
    provider = aws_provider(inputs, tags.render(LEGACY_SLOT, settings, pulumi.get_project()))
    plain = pulumi.ResourceOptions(provider=provider)
    protected = pulumi.ResourceOptions(provider=provider, protect=True)
    if tables:
        LegacyTables("legacy", tables, plain if release else protected, protected=not release)
        Monitoring("monitoring", settings, arns, plain)
    AuditTrail("audit", settings, arns, roles=None, monitoring=None, opts=protected)


class LegacyTables(pulumi.ComponentResource):
    """The bare tables, each as it is in AWS but for its protections."""

    def __init__(
        self, name: str, tables: Sequence[LegacyTable], opts: pulumi.ResourceOptions, *, protected: bool
    ) -> None:
        super().__init__("tee:index:LegacyTables", name, None, opts)
        for table in tables:
            aws.dynamodb.Table(
                f"{name}-{table.name}",
                name=table.name,
                deletion_protection_enabled=protected,
                **_as_it_is(table),
                opts=pulumi.ResourceOptions(parent=self, ignore_changes=list(WARM)),
            )
        self.register_outputs({})


def _as_it_is(table: LegacyTable) -> dict[str, Any]:
    definition, request = table.definition, table.definition.request
    keys = {entry["KeyType"]: entry["AttributeName"] for entry in request["KeySchema"]}
    lifetime = definition.ttl_attribute
    key = request.get("SSESpecification", {}).get("KMSMasterKeyId")
    return {
        "hash_key": keys["HASH"],
        "range_key": keys.get("RANGE"),
        "attributes": [
            {"name": entry["AttributeName"], "type": entry["AttributeType"]}
            for entry in request["AttributeDefinitions"]
        ],
        "global_secondary_indexes": [_index(index, table) for index in request.get("GlobalSecondaryIndexes", [])],
        "local_secondary_indexes": [_local(index) for index in request.get("LocalSecondaryIndexes", [])] or None,
        "table_class": request.get("TableClass", "STANDARD"),
        "billing_mode": request["BillingMode"],
        "ttl": {"enabled": True, "attribute_name": lifetime} if lifetime else {"enabled": False},
        "stream_enabled": True,
        "stream_view_type": table.stream_view,
        "point_in_time_recovery": {"enabled": True, "recovery_period_in_days": table.recovery_days},
        "server_side_encryption": {"enabled": True, "kms_key_arn": key} if key else {"enabled": False},
        # Tags of the account's own, e.g. of its costs, stay.
        "tags": {name: tag for name, tag in definition.tags.items() if not name.startswith(tags.PREFIX)} or None,
        **_throughput(request, table.cap),
    }


def _throughput(described: dict[str, Any], cap: Cap | None) -> dict[str, Any]:
    if provisioned := described.get("ProvisionedThroughput"):
        return {"read_capacity": provisioned["ReadCapacityUnits"], "write_capacity": provisioned["WriteCapacityUnits"]}
    if cap is None:
        return {}
    return {"on_demand_throughput": {"max_read_request_units": cap.reads, "max_write_request_units": cap.writes}}


def _index(index: dict[str, Any], table: LegacyTable) -> aws.dynamodb.TableGlobalSecondaryIndexArgs:
    return aws.dynamodb.TableGlobalSecondaryIndexArgs(
        name=index["IndexName"],
        key_schemas=[
            aws.dynamodb.TableGlobalSecondaryIndexKeySchemaArgs(
                attribute_name=key["AttributeName"], key_type=key["KeyType"]
            )
            for key in index["KeySchema"]
        ],
        projection_type=index["Projection"]["ProjectionType"],
        non_key_attributes=index["Projection"].get("NonKeyAttributes"),
        **_throughput(index, table.cap),
    )


def _local(index: dict[str, Any]) -> aws.dynamodb.TableLocalSecondaryIndexArgs:
    keys = {key["KeyType"]: key["AttributeName"] for key in index["KeySchema"]}
    return aws.dynamodb.TableLocalSecondaryIndexArgs(
        name=index["IndexName"],
        range_key=keys["RANGE"],
        projection_type=index["Projection"]["ProjectionType"],
        non_key_attributes=index["Projection"].get("NonKeyAttributes"),
    )
