"""Every resource type the provider knows."""

from collections.abc import Mapping

from tee_infra.local.provider import dynamodb
from tee_infra.local.provider.rules import ResourceType

RESOURCE_TYPES: Mapping[str, ResourceType] = {kind.type: kind for kind in (*dynamodb.TYPES,)}
