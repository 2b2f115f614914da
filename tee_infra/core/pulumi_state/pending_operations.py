"""Creates that a killed engine left open, or whose state was lost: only AWS knows whether the resource exists.

Pulumi never clears them: `up` warns for ever and then fails on resources that already exist, and `destroy` leaks them.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from tee_infra.core.pulumi_state.checkpoint import name_of

Inputs = Mapping[str, Any]

UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""A preview's placeholder for text that is known only after the create (Pulumi SDK, `UnknownStringValue`)."""
_PROVIDER: Final = "pulumi:providers:"

# The provider's import ids of the types whose physical name the program chooses (pulumi-aws, "Import" of each).
_IDS: Final[Mapping[str, Callable[[Inputs, str, str], str]]] = {
    "aws:budgets/budget:Budget": lambda inputs, account, _region: f"{account}:{inputs['name']}",
    "aws:cloudwatch/dashboard:Dashboard": lambda inputs, _account, _region: inputs["dashboardName"],
    "aws:cloudwatch/logGroup:LogGroup": lambda inputs, _account, _region: inputs["name"],
    "aws:cloudwatch/metricAlarm:MetricAlarm": lambda inputs, _account, _region: inputs["name"],
    "aws:dynamodb/resourcePolicy:ResourcePolicy": lambda inputs, _account, _region: inputs["resourceArn"],
    "aws:dynamodb/table:Table": lambda inputs, _account, _region: inputs["name"],
    "aws:iam/policy:Policy": lambda inputs, account, _region: (
        f"arn:aws:iam::{account}:policy{inputs['path']}{inputs['name']}"
    ),
    "aws:iam/role:Role": lambda inputs, _account, _region: inputs["name"],
    "aws:iam/rolePolicy:RolePolicy": lambda inputs, _account, _region: f"{inputs['role']}:{inputs['name']}",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": lambda inputs, _account, _region: (
        f"{inputs['role']}/{inputs['policyArn']}"
    ),
    "aws:kms/alias:Alias": lambda inputs, _account, _region: inputs["name"],
    "aws:s3/bucket:Bucket": lambda inputs, _account, _region: inputs["bucket"],
    "aws:sns/topic:Topic": lambda inputs, account, region: f"arn:aws:sns:{region}:{account}:{inputs['name']}",
    "aws:ssm/parameter:Parameter": lambda inputs, _account, _region: inputs["name"],
}


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """`deployment` with the open creates as resources, so that a refresh drops those that AWS does not have.

    `adopted` and `unknown` are the resources' names in the program; the id of the latter cannot be computed.
    """

    deployment: dict[str, Any]
    adopted: tuple[str, ...]
    unknown: tuple[str, ...]


def is_left_open(deployment: Mapping[str, Any]) -> bool:
    """Whether an exported deployment has operations that were begun and never ended."""
    return bool(deployment.get("pending_operations"))


def adopt_pending(deployment: Mapping[str, Any], account_id: str, region: str) -> Adoption:
    """Turn every open create of an exported deployment into a resource that a refresh can check."""
    changed = deepcopy(dict(deployment))
    adopted: list[str] = []
    unknown: list[str] = []
    resources: list[Any] = changed.get("resources") or []
    known = {resource["urn"] for resource in resources}
    for operation in changed.pop("pending_operations", None) or []:
        resource = operation["resource"]
        name = name_of(resource["urn"])
        if operation["type"] != "creating" or resource["urn"] in known:
            continue
        inputs = resource.get("inputs", {})
        identify = _IDS.get(resource["type"])
        physical = identify(inputs, account_id, region) if identify else UNKNOWN
        if UNKNOWN in physical:
            unknown.append(name)
            continue
        resources.append({**resource, "id": physical, "outputs": inputs})
        adopted.append(name)
    return Adoption(deployment=changed | {"resources": resources}, adopted=tuple(adopted), unknown=tuple(unknown))


def leave_open(deployment: Mapping[str, Any], planned: Sequence[Mapping[str, Any]], provider_id: str) -> dict[str, Any]:
    """A deployment in which the create of everything `planned` is open: for a stack that lost its state.

    `planned` are the creates of a preview, each after its dependencies. Components and the provider exist only in the
    state, so they are added as existing, the provider as `provider_id`.
    """
    changed = deepcopy(dict(deployment))
    resources: list[Any] = changed.get("resources") or []
    opened: list[Any] = []
    for resource in planned:
        if resource["type"].startswith(_PROVIDER):
            resources.append({**resource, "id": provider_id, "outputs": resource["inputs"]})
        elif not resource["custom"]:
            resources.append(dict(resource))
        else:
            provider = resource["provider"].replace(UNKNOWN, provider_id)
            opened.append({"resource": {**resource, "provider": provider}, "type": "creating"})
    return changed | {"resources": resources, "pending_operations": opened}
