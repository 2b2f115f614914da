"""A table's properties in the form of DynamoDB's requests, and DynamoDB's answers as properties."""

from collections.abc import Iterable
from typing import Any

from tee_infra.local.provider.schema import Values


def keys(pairs: Iterable[tuple[str, str | None]]) -> list[Any]:
    """Return a KeySchema from pairs of key type and attribute name, leaving out those without a name."""
    return [{"AttributeName": name, "KeyType": key_type} for key_type, name in pairs if name]


def attributes(table: Values) -> list[Any]:
    """Return the AttributeDefinitions."""
    return [
        {"AttributeName": attribute["name"], "AttributeType": attribute["type"]}
        for attribute in table.get("attributes", [])
    ]


def capacity(block: Values) -> Any:
    """Return the ProvisionedThroughput of a table or index."""
    return {"ReadCapacityUnits": block.get("readCapacity", 1), "WriteCapacityUnits": block.get("writeCapacity", 1)}


def caps(block: Values) -> Any:
    """Return the OnDemandThroughput of a table or index; -1 means no cap."""
    return {
        "MaxReadRequestUnits": block.get("maxReadRequestUnits", -1),
        "MaxWriteRequestUnits": block.get("maxWriteRequestUnits", -1),
    }


def encryption(block: Values) -> Any:
    """Return the SSESpecification; not enabled means the AWS-owned key."""
    if not block["enabled"]:
        return {"Enabled": False}
    chosen = {"KMSMasterKeyId": block["kmsKeyArn"]} if block.get("kmsKeyArn") else {}
    return {"Enabled": True, "SSEType": "KMS"} | chosen


def index_keys(index: Values) -> list[Any]:
    """Return the KeySchema of a global index, from either of the two ways to write it."""
    if index.get("keySchemas"):
        return keys((key["keyType"], key["attributeName"]) for key in index["keySchemas"])
    return keys([("HASH", index.get("hashKey")), ("RANGE", index.get("rangeKey"))])


def global_index(table: Values, index: Values) -> Any:
    """Return a global index for CreateTable and UpdateTable's Create."""
    return {"KeySchema": index_keys(index), "Projection": _projection(index)} | index_size(table, index)


def index_size(table: Values, index: Values) -> Any:
    """Return a global index for UpdateTable's Update: its throughput."""
    size: dict[str, Any] = {"IndexName": index["name"]}
    if table["billingMode"] == "PROVISIONED":
        size["ProvisionedThroughput"] = capacity(index)
    if "onDemandThroughput" in index:
        size["OnDemandThroughput"] = caps(index["onDemandThroughput"])
    return size


def local_index(table: Values, index: Values) -> Any:
    """Return a local index for CreateTable."""
    return {
        "IndexName": index["name"],
        "KeySchema": keys([("HASH", table["hashKey"]), ("RANGE", index["rangeKey"])]),
        "Projection": _projection(index),
    }


def read_capacity(described: Any) -> Values:
    """Return the capacity of a table or index as properties; 0 on demand."""
    throughput = described.get("ProvisionedThroughput", {})
    return {
        "readCapacity": throughput.get("ReadCapacityUnits"),
        "writeCapacity": throughput.get("WriteCapacityUnits"),
    }


def read_caps(described: Any) -> Values | None:
    """Return the caps of a table or index as properties; None when it never had any."""
    caps_ = described.get("OnDemandThroughput")
    return caps_ and {
        "maxReadRequestUnits": caps_.get("MaxReadRequestUnits"),
        "maxWriteRequestUnits": caps_.get("MaxWriteRequestUnits"),
    }


def read_encryption(described: Any) -> Values:
    """Return a table's encryption as properties; AWS does not return its own key."""
    found = described.get("SSEDescription", {})
    return {"enabled": found.get("Status") == "ENABLED", "kmsKeyArn": found.get("KMSMasterKeyArn")}


def read_global_index(described: Any, wanted: Values) -> Values:
    """Return a global index as properties, its keys written as `wanted` writes them."""
    found = described["KeySchema"]
    if "hashKey" in wanted:
        by_type = {key["KeyType"]: key["AttributeName"] for key in found}
        written: Values = {"hashKey": by_type["HASH"], "rangeKey": by_type.get("RANGE")}
    else:
        written = {"keySchemas": [{"attributeName": key["AttributeName"], "keyType": key["KeyType"]} for key in found]}
    size = read_capacity(described) | {"onDemandThroughput": read_caps(described)}
    return {"name": described["IndexName"]} | written | _read_projection(described) | size


def read_local_index(described: Any) -> Values:
    """Return a local index as properties."""
    ranges = [key["AttributeName"] for key in described["KeySchema"] if key["KeyType"] == "RANGE"]
    return {"name": described["IndexName"], "rangeKey": ranges[0]} | _read_projection(described)


def _projection(index: Values) -> Any:
    more = {"NonKeyAttributes": index["nonKeyAttributes"]} if index.get("nonKeyAttributes") else {}
    return {"ProjectionType": index["projectionType"]} | more


def _read_projection(described: Any) -> Values:
    projection = described["Projection"]
    return {
        "projectionType": projection["ProjectionType"],
        "nonKeyAttributes": projection.get("NonKeyAttributes"),
    }
