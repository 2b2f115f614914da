"""The operations of a DynamoDB table, in the order that AWS requires."""

from collections.abc import Iterable
from typing import Any

from tee_infra.local.provider import dynamodb_shapes as shapes
from tee_infra.local.provider import tags
from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.schema import Actions, Failure, Update, Values
from tee_infra.local.provider.values import UNKNOWN, holds_unknown


def create(aws: Aws, inputs: Values) -> str:
    """Create the table with all properties of CreateTable; time to live and recovery follow in `finish`."""
    request: dict[str, Any] = {
        "TableName": inputs["name"],
        "KeySchema": shapes.keys([("HASH", inputs["hashKey"]), ("RANGE", inputs.get("rangeKey"))]),
        "AttributeDefinitions": shapes.attributes(inputs),
        "BillingMode": inputs["billingMode"],
        "DeletionProtectionEnabled": inputs.get("deletionProtectionEnabled", False),
        "TableClass": inputs["tableClass"],
        "Tags": tags.pairs(inputs.get("tags")),
    }
    if inputs["billingMode"] == "PROVISIONED":
        request["ProvisionedThroughput"] = shapes.capacity(inputs)
    if "onDemandThroughput" in inputs:
        request["OnDemandThroughput"] = shapes.caps(inputs["onDemandThroughput"])
    if inputs.get("globalSecondaryIndexes"):
        request["GlobalSecondaryIndexes"] = [
            shapes.global_index(inputs, index) for index in inputs["globalSecondaryIndexes"]
        ]
    if inputs.get("localSecondaryIndexes"):
        request["LocalSecondaryIndexes"] = [
            shapes.local_index(inputs, index) for index in inputs["localSecondaryIndexes"]
        ]
    if inputs.get("streamEnabled"):
        request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": inputs["streamViewType"]}
    if "serverSideEncryption" in inputs:
        request["SSESpecification"] = shapes.encryption(inputs["serverSideEncryption"])
    aws.dynamodb.create_table(**request)
    return inputs["name"]


def finish(aws: Aws, made: str, inputs: Values) -> None:
    """Set the properties that CreateTable does not accept."""
    if inputs.get("ttl", {}).get("enabled"):
        _set_ttl(aws, made, inputs["ttl"])
    if inputs.get("pointInTimeRecovery", {}).get("enabled"):
        _set_recovery(aws, made, inputs["pointInTimeRecovery"])


def read(aws: Aws, made: str, state: Values) -> Values | None:
    """Return the table from DescribeTable and related calls."""
    client = aws.dynamodb
    try:
        table: Any = client.describe_table(TableName=made)["Table"]
    except client.exceptions.ResourceNotFoundException:
        return None
    keys = {key["KeyType"]: key["AttributeName"] for key in table["KeySchema"]}
    stream = table.get("StreamSpecification", {})
    forms = {index["name"]: index for index in state.get("globalSecondaryIndexes", [])}
    return {
        "name": made,
        "arn": table["TableArn"],
        "hashKey": keys["HASH"],
        "rangeKey": keys.get("RANGE"),
        "attributes": [
            {"name": attribute["AttributeName"], "type": attribute["AttributeType"]}
            for attribute in table["AttributeDefinitions"]
        ],
        "billingMode": table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
        **shapes.read_capacity(table),
        "onDemandThroughput": shapes.read_caps(table),
        "tableClass": table.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
        "serverSideEncryption": shapes.read_encryption(table),
        "globalSecondaryIndexes": [
            shapes.read_global_index(index, forms.get(index["IndexName"], {}))
            for index in table.get("GlobalSecondaryIndexes", [])
        ],
        "localSecondaryIndexes": [shapes.read_local_index(index) for index in table.get("LocalSecondaryIndexes", [])],
        "deletionProtectionEnabled": table.get("DeletionProtectionEnabled", False),
        "streamEnabled": stream.get("StreamEnabled", False),
        "streamViewType": stream.get("StreamViewType"),
        "streamArn": table.get("LatestStreamArn"),
        "streamLabel": table.get("LatestStreamLabel"),
        "ttl": _read_ttl(aws, made),
        "pointInTimeRecovery": _read_recovery(aws, made),
        **tags.both(client.list_tags_of_resource(ResourceArn=table["TableArn"]).get("Tags", [])),
    }


def update(aws: Aws, made: str, update: Update) -> None:
    """Change the table step by step; AWS accepts one index at a time, and encryption only separately."""
    new, changed = update.new, update.changed
    removed, added, resized = _index_changes(update) if "globalSecondaryIndexes" in changed else ([], [], [])
    for index in removed:
        _change_index(aws, made, {"Delete": {"IndexName": index["name"]}})
    if request := _table_request(update, resized):
        aws.dynamodb.update_table(TableName=made, **request)
    if changed & {"streamEnabled", "streamViewType"}:
        _change_stream(aws, made, update)
    for index in added:
        _change_index(
            aws, made, {"Create": shapes.global_index(new, index)}, AttributeDefinitions=shapes.attributes(new)
        )
    if "serverSideEncryption" in changed:
        aws.dynamodb.update_table(TableName=made, SSESpecification=shapes.encryption(new["serverSideEncryption"]))
    if "ttl" in changed:
        _set_ttl(aws, made, update.old.get("ttl", {}) | new["ttl"])
    if "pointInTimeRecovery" in changed:
        _set_recovery(aws, made, new["pointInTimeRecovery"])
    if "tags" in changed:
        _change_tags(aws, update)


def delete(aws: Aws, made: str, _state: Values) -> None:
    """Delete the table. AWS refuses a protected one, even if the state has no protection."""
    aws.dynamodb.delete_table(TableName=made)


ACTIONS = Actions(create=create, finish=finish, read=read, update=update, delete=delete)


def validate(inputs: Values) -> list[Failure]:
    """Return the failures that the real provider finds at plan time."""
    if holds_unknown(inputs):
        return []
    failures: list[Failure] = []
    if "hashKey" not in inputs:
        failures.append(
            Failure(path="hashKey", reason='Missing required argument. The argument "hashKey" is required.')
        )
    defined = {attribute["name"] for attribute in inputs.get("attributes", [])}
    used = {key["AttributeName"] for keys in _all_keys(inputs) for key in keys}
    if defined - used:
        reason = f"all attributes must be indexed. Unused attributes: {sorted(defined - used)}"
        failures.append(Failure(path="attributes", reason=reason))
    if used - defined:
        reason = f"all indexes must match a defined attribute. Unmatched indexes: {sorted(used - defined)}"
        failures.append(Failure(path="attributes", reason=reason))
    if inputs.get("streamEnabled") and not inputs.get("streamViewType"):
        reason = "stream_view_type is required when stream_enabled = true"
        failures.append(Failure(path="streamViewType", reason=reason))
    if inputs["billingMode"] == "PROVISIONED" and not (inputs.get("readCapacity") and inputs.get("writeCapacity")):
        reason = '"read_capacity" and "write_capacity" must be at least 1 when billing_mode is PROVISIONED'
        failures.append(Failure(path="readCapacity", reason=reason))
    return failures


def _all_keys(inputs: Values) -> Iterable[list[Any]]:
    if inputs.get("hashKey") is not UNKNOWN:
        yield shapes.keys([("HASH", inputs.get("hashKey")), ("RANGE", inputs.get("rangeKey"))])
    for index in inputs.get("globalSecondaryIndexes", []):
        yield shapes.index_keys(index)
    for index in inputs.get("localSecondaryIndexes", []):
        yield shapes.keys([("RANGE", index["rangeKey"])])


def _index_changes(update: Update) -> tuple[list[Values], list[Values], list[Values]]:
    """Return the indexes to delete, to create and to resize. With other keys or projection: delete and create."""
    old = {index["name"]: index for index in update.old.get("globalSecondaryIndexes", [])}
    new = {index["name"]: index for index in update.new.get("globalSecondaryIndexes", [])}
    rebuilt = {name for name in old.keys() & new.keys() if _fixed(old[name]) != _fixed(new[name])}
    removed = [index for name, index in old.items() if name not in new or name in rebuilt]
    added = [index for name, index in new.items() if name not in old or name in rebuilt]
    resized = [index for name, index in new.items() if name in old and name not in rebuilt and index != old[name]]
    return removed, added, resized


def _fixed(index: Values) -> tuple[Any, ...]:
    return shapes.index_keys(index), index["projectionType"], sorted(index.get("nonKeyAttributes", []))


def _change_index(aws: Aws, table: str, change: Any, **more: Any) -> None:
    aws.dynamodb.update_table(TableName=table, GlobalSecondaryIndexUpdates=[change], **more)


def _table_request(update: Update, resized: list[Values]) -> dict[str, Any]:
    new, changed = update.new, update.changed
    request: dict[str, Any] = {}
    provisioned = new["billingMode"] == "PROVISIONED"
    if changed & {"billingMode", "readCapacity", "writeCapacity"}:
        request["BillingMode"] = new["billingMode"]
        if provisioned:
            request["ProvisionedThroughput"] = shapes.capacity(new)
    if "onDemandThroughput" in changed:
        request["OnDemandThroughput"] = shapes.caps(new["onDemandThroughput"])
    if "tableClass" in changed:
        request["TableClass"] = new["tableClass"]
    if "deletionProtectionEnabled" in changed:
        request["DeletionProtectionEnabled"] = new.get("deletionProtectionEnabled", False)
    if resized:
        request["GlobalSecondaryIndexUpdates"] = [{"Update": shapes.index_size(new, index)} for index in resized]
    return request


def _change_stream(aws: Aws, table: str, update: Update) -> None:
    if update.old.get("streamEnabled"):
        aws.dynamodb.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
    if update.new.get("streamEnabled"):
        specification: Any = {"StreamEnabled": True, "StreamViewType": update.new["streamViewType"]}
        aws.dynamodb.update_table(TableName=table, StreamSpecification=specification)


def _change_tags(aws: Aws, update: Update) -> None:
    arn = update.old["arn"]
    changed, removed = tags.changes(update)
    if removed:
        aws.dynamodb.untag_resource(ResourceArn=arn, TagKeys=removed)
    if changed:
        aws.dynamodb.tag_resource(ResourceArn=arn, Tags=tags.pairs(changed))


def _set_ttl(aws: Aws, table: str, ttl: Values) -> None:
    specification: Any = {"AttributeName": ttl.get("attributeName", ""), "Enabled": ttl.get("enabled", False)}
    aws.dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)


def _read_ttl(aws: Aws, table: str) -> Values:
    ttl = aws.dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    enabled = ttl.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}
    return {"enabled": enabled, "attributeName": ttl.get("AttributeName")}


def _set_recovery(aws: Aws, table: str, recovery: Values) -> None:
    specification: Any = {"PointInTimeRecoveryEnabled": recovery["enabled"]}
    if recovery["enabled"] and recovery.get("recoveryPeriodInDays"):
        specification["RecoveryPeriodInDays"] = recovery["recoveryPeriodInDays"]
    aws.dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=specification)


def _read_recovery(aws: Aws, table: str) -> Values:
    backups: Any = aws.dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {})
    enabled = recovery.get("PointInTimeRecoveryStatus") == "ENABLED"
    return {"enabled": enabled, "recoveryPeriodInDays": recovery.get("RecoveryPeriodInDays") if enabled else None}
