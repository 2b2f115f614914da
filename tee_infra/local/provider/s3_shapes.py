"""S3's structures and the properties named after them: `applyServerSideEncryptionByDefault.sseAlgorithm`."""

from typing import Any

API_NAMES = {
    "id": "ID",
    "sseAlgorithm": "SSEAlgorithm",
    "kmsMasterKeyId": "KMSMasterKeyID",
    "mfaDelete": "MFADelete",
}
PROPERTY_NAMES = {theirs: ours for ours, theirs in API_NAMES.items()}


def to_api(value: Any) -> Any:
    """Return properties in S3's form; a map of tags becomes a list."""
    if isinstance(value, list):
        return [to_api(part) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        "Tags" if name == "tags" else API_NAMES.get(name, name[0].upper() + name[1:]): (
            [{"Key": key, "Value": text} for key, text in part.items()] if name == "tags" else to_api(part)
        )
        for name, part in value.items()
    }


def from_api(value: Any) -> Any:
    """Return an answer of S3 as properties."""
    if isinstance(value, list):
        return [from_api(part) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        PROPERTY_NAMES.get(name, name[0].lower() + name[1:]): (
            {tag["Key"]: tag["Value"] for tag in part} if name == "Tags" else from_api(part)
        )
        for name, part in value.items()
    }
