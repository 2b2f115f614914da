"""The tables of the catalog, and the key that encrypts them."""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_aws as aws

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.environments import Environment
from tee_infra.core.resources import access
from tee_infra.core.settings import Settings
from tee_infra.core.tables import catalog
from tee_infra.program.throughput import index_throughput, table_throughput

WARM: Final = ("warmThroughput", "globalSecondaryIndexes[*].warmThroughput")
"""DynamoDB raises it with use, and a migration by its API. The provider would make an index again that differs in it
(github.com/hashicorp/terraform-provider-aws/issues/44692, 46281)."""


class DataTables(pulumi.ComponentResource):
    """One DynamoDB table for each entry of the environment's catalog, none in an archived slot. `tables`: by name."""

    tables: dict[str, aws.dynamodb.Table]

    def __init__(
        self, name: str, environment: Environment, settings: Settings, arns: Arns, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("tee:index:DataTables", name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        key = self._key(arns) if settings.customer_managed_key else None
        # Backups of an archived slot's tables are still encrypted with the key.
        self.tables = {spec.name: self._table(spec, environment, settings, key) for spec in settings.tables}
        if environment.kind.production:
            for spec in settings.tables:
                self._policy(spec, arns)
        self.register_outputs({"tables": {name: table.name for name, table in self.tables.items()}})

    def _table(
        self, spec: catalog.Table, environment: Environment, settings: Settings, key: aws.kms.Key | None
    ) -> aws.dynamodb.Table:
        days = settings.point_in_time_recovery_days
        return aws.dynamodb.Table(
            f"{self._name}-{spec.name}",
            name=names.table(environment.name, spec.name),
            hash_key=spec.partition_key.name,
            range_key=spec.sort_key.name if spec.sort_key else None,
            attributes=[{"name": key.name, "type": key.type} for key in spec.key_attributes],
            global_secondary_indexes=[_index(index, settings) for index in spec.indexes],
            table_class=settings.table_class,
            # These three are set also where they are disabled: removing a block changes nothing in AWS.
            ttl={"enabled": True, "attribute_name": spec.ttl_attribute} if spec.ttl_attribute else {"enabled": False},
            stream_enabled=spec.stream_view is not None,
            stream_view_type=spec.stream_view,
            point_in_time_recovery={"enabled": True, "recovery_period_in_days": days} if days else {"enabled": False},
            server_side_encryption={"enabled": True, "kms_key_arn": key.arn} if key else {"enabled": False},
            deletion_protection_enabled=settings.deletion_protection,
            **table_throughput(settings),
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=list(WARM)),
        )

    def _policy(self, spec: catalog.Table, arns: Arns) -> None:
        table = self.tables[spec.name]
        aws.dynamodb.ResourcePolicy(
            f"{self._name}-{spec.name}-policy",
            resource_arn=table.arn,
            policy=access.render(access.table_policy(arns, arns.table(spec))),
            opts=self._child,
        )

    def _key(self, arns: Arns) -> aws.kms.Key:
        key = aws.kms.Key(
            f"{self._name}-key",
            description=f"Tables of {arns.environment}",
            policy=access.render(access.table_key_policy(arns)),
            enable_key_rotation=True,
            deletion_window_in_days=30,
            opts=self._child,
        )
        aws.kms.Alias(
            f"{self._name}-key-alias",
            name=names.key_alias(arns.environment),
            target_key_id=key.key_id,
            opts=self._child,
        )
        return key


def _index(index: catalog.Index, settings: Settings) -> aws.dynamodb.TableGlobalSecondaryIndexArgs:
    keys = [(index.partition_key, "HASH"), (index.sort_key, "RANGE")]
    included = None if isinstance(index.projection, str) else list(index.projection)
    return aws.dynamodb.TableGlobalSecondaryIndexArgs(
        name=index.name,
        key_schemas=[
            aws.dynamodb.TableGlobalSecondaryIndexKeySchemaArgs(attribute_name=key.name, key_type=type_)
            for key, type_ in keys
            if key
        ],
        projection_type="INCLUDE" if included else str(index.projection),
        non_key_attributes=included,
        **index_throughput(settings),
    )
