"""What the roles of one environment can change in the worst case: each role that can be rewritten is given `*:*`.

Only the boundaries count then, that of pipelines and that of all other roles. `forbidden` names every effect that must
never be reached, by asking for all actions of IAM and STS on targets inside and outside the environment, and for those
of the data and its evidence.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from policy_sentry.querying.actions import get_actions_for_service, get_actions_with_access_level

from tee_infra.core import names
from tee_infra.core.environments import parse_environment
from tee_infra.core.resources import access
from tee_infra.core.resources.access.actions import (
    CHANGE_TAG_ACCESS,
    DATA_PLANE,
    DESCRIBE,
    EXFILTRATION,
    NATIVE_BACKUP,
    PARTIQL,
    READ_STREAM,
)
from tee_infra.core.resources.access.boundary import LOOK as MEMBERS_LOOK
from tee_infra.core.resources.access.cutover import CUTOVER
from tee_infra.core.resources.access.pipeline_boundary import FIND_FEATURES, LOOK
from tee_infra.core.resources.access.privileged import PRIVILEGED_RULE
from tee_infra.core.resources.evaluator import Request, is_allowed
from tests.support.iam_roles import ACCOUNT, REGION, arns

EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
PIPELINES = ("deployer", "privileged-deployer", "cleanup")
GUARDED = (*PIPELINES, "break-glass")
OTHER = {"prod": "staging", "staging": "prod", "dev": "prod", "test": "dev", "prod-v2": "prod"}
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0b1c"
BOUNDARY = "iam:PermissionsBoundary"
LEADING_KEYS = "dynamodb:LeadingKeys"


class Boundaries(NamedTuple):
    """The boundary of an environment's pipelines, that of every other role, and the slots that its settings name."""

    pipelines: Mapping[str, Any]
    others: Mapping[str, Any]
    slots: tuple[str, ...] = ()

    def of(self, role: str) -> Mapping[str, Any]:
        return self.pipelines if role in PIPELINES else self.others


def boundaries(environment: str, slots: tuple[str, ...] = ()) -> Boundaries:
    parsed, own = parse_environment(environment), arns(environment)
    return Boundaries(access.pipeline_boundary(parsed, own), access.boundary(parsed, own, slots), slots)


class Effect(NamedTuple):
    """One call that a role makes. `context` is what AWS knows about it."""

    role: str
    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()


@cache
def iam_writes() -> tuple[str, ...]:
    levels = ("Write", "Permissions management", "Tagging")
    known = {action for level in levels for action in get_actions_with_access_level("iam", level)}
    return tuple(sorted(known))


def may(environment: str, bounds: Boundaries, effect: Effect, *, invited: bool = False) -> bool:
    """Whether a role with `*:*` may. `invited`: a policy of the resource names the session, which passes an Allow."""
    boundary = bounds.of(effect.role)
    request = Request(
        principal=arns(environment).role(effect.role),
        action=effect.action,
        resource=effect.resource,
        context=dict(effect.context),
    )
    if invited:
        denies = [statement for statement in boundary["Statement"] if statement["Effect"] == "Deny"]
        boundary = {"Statement": [*EVERYTHING["Statement"], *denies]}
    return is_allowed(request, EVERYTHING, boundary)


def rewritten(environment: str, bounds: Boundaries) -> set[str]:
    """Every role whose trust can be written, from the deployers on, until no role is added. `made` is a new one."""
    own = arns(environment)
    bounded = ((BOUNDARY, own.boundary),)
    known = {*parse_environment(environment).kind.roles, "audit", "made"}
    reached, size = {name for name in known if name.endswith("deployer")}, 0
    while size != len(reached):
        size = len(reached)
        for by in sorted(reached):
            for role in known - reached:
                effects = [Effect(by, f"iam:{how}", own.role(role), bounded) for how in WAYS_IN]
                if any(may(environment, bounds, effect) for effect in effects):
                    reached.add(role)
    return reached


WAYS_IN = ("AttachRolePolicy", "CreateRole", "PutRolePolicy", "UpdateAssumeRolePolicy")


def forbidden(environment: str, bounds: Boundaries) -> Iterator[Effect]:
    """The effects that are reached and must not be. One role stands for all that the boundary never names."""
    named = ("app", "migrator", *PIPELINES)
    reached = rewritten(environment, bounds) | set(parse_environment(environment).kind.roles)
    for role in named:
        if role not in reached:
            continue
        never = chain(_never(environment, role), in_slots(environment, bounds.slots, role))
        for invited, effects in ((False, never), (True, _never_if_invited(environment, role))):
            for effect in effects:
                if effect.action not in LISTS and may(environment, bounds, effect, invited=invited):
                    yield effect


LISTS = {*LOOK, *FIND_FEATURES, *MEMBERS_LOOK}
"""They take no resource."""


def _never(environment: str, role: str) -> Iterator[Effect]:
    yield from _access(environment, role)
    yield from _passing(environment, role)
    yield from _keys(environment, role)
    yield from _others(environment, role)
    yield from _account(environment, role)


def _access(environment: str, role: str) -> Iterator[Effect]:
    """Writes of access: of the account, of other environments, of what is guarded; and of all roles by no pipeline."""
    own, other = arns(environment), arns(OTHER[environment])
    bounded = ((BOUNDARY, own.boundary),)
    looser = [((BOUNDARY, one),) for one in (other.boundary, own.pipeline_boundary, other.pipeline_boundary)]
    targets = [
        *(own.role(name) for name in GUARDED if name in parse_environment(environment).kind.roles),
        *(own.boundary, own.pipeline_boundary, *(own.role_policy("deployer", one) for one in ATTACHED)),
        *(other.boundary, other.pipeline_boundary, other.role("app"), other.role("deployer"), "*"),
        *(f"arn:aws:iam::{ACCOUNT}:{one}" for one in ("role/admin", "user/alex", "group/all", "policy/any")),
        *(f"arn:aws:iam::{ACCOUNT}:user/tee/{environment}/{environment}-tee-x", f"arn:aws:iam::{ACCOUNT}:root"),
        own.github,
    ]
    within = [own.role("app"), own.role("made")]
    for action in iam_writes():
        yield from (Effect(role, action, target, bounded) for target in targets)
        if role not in PIPELINES:
            yield from (Effect(role, action, target, bounded) for target in within)
    for name in ("CreateRole", "PutRolePolicy", "PutRolePermissionsBoundary"):
        yield from (Effect(role, f"iam:{name}", on, context) for on in within for context in (*looser, ()))
    for name in ("DeleteRolePermissionsBoundary", "AttachRolePolicy", "DetachRolePolicy"):
        yield from (Effect(role, f"iam:{name}", on, bounded) for on in within)
    for action in ("AssumeRole", "GetFederationToken", "AssumeRoot"):
        yield Effect(role, f"sts:{action}", own.role("app"))


def _passing(environment: str, role: str) -> Iterator[Effect]:
    own = arns(environment)
    for name, service in (("app", "lambda"), ("audit", "lambda"), ("app", "cloudtrail"), ("deployer", "cloudtrail")):
        yield Effect(role, "iam:PassRole", own.role(name), (("iam:PassedToService", f"{service}.amazonaws.com"),))


def _keys(environment: str, role: str) -> Iterator[Effect]:
    other = OTHER[environment]
    for action in get_actions_for_service("kms"):
        yield Effect(role, action, KEY, (("aws:ResourceTag/tee:environment", other),))
    yield Effect(role, "kms:CreateKey", "*", (("aws:RequestTag/tee:environment", other),))
    yield Effect(role, "kms:CreateKey", "*")
    if role not in PIPELINES:
        state = (("kms:ResourceAliases", names.STATE_KEY_ALIAS),)
        yield from (Effect(role, f"kms:{action}", KEY, state) for action in ("Decrypt", "Encrypt", "GenerateDataKey"))


def _others(environment: str, role: str) -> Iterator[Effect]:
    if role != "migrator":  # a path is listed with all that is below it
        own = arns(environment)
        yield from (Effect(role, action, own.parameter("")) for action in get_actions_for_service("ssm"))
    yield from _of_another(OTHER[environment], role)


def _of_another(environment: str, role: str) -> Iterator[Effect]:
    """Whatever another environment owns."""
    other = arns(environment)
    for service, targets in {
        "dynamodb": (other.tables[0], other.indexes[0]),
        "ssm": (other.parameter("active-slot"), other.parameter(), other.parameter(names.ANONYMIZE_KEY)),
        "s3": (other.audit_bucket, f"{other.audit_bucket}/AWSLogs/x"),
        "sns": (other.topic, "*"),
        "cloudtrail": (other.trail,),
        "events": (other.event_rule(PRIVILEGED_RULE),),
        "logs": (other.log_group("audit"),),
        "cloudwatch": (other.alarms.replace("*", "any"),),
    }.items():
        for action in get_actions_for_service(service):
            yield from (Effect(role, action, target) for target in targets)


def in_slots(environment: str, slots: tuple[str, ...], role: str) -> Iterator[Effect]:
    """Of the slots that the settings name only items are reached, by no pipeline; of others nothing."""
    if not parse_environment(environment).kind.production:
        return
    unnamed = [name for name in ("prod-v4", "prod-v22", "prod-v2") if name not in (environment, *slots)]
    for name in unnamed:
        yield from _of_another(name, role)
    reads_stream = READ_STREAM if role == "migrator" else ()
    items = () if role in PIPELINES else (*DATA_PLANE, NATIVE_BACKUP, *DESCRIBE, *reads_stream)
    for name in (*slots, *(["legacy"] if "legacy" not in slots else [])):
        reached = arns(name)
        permitted = [action for action in items if name in slots and action not in PARTIQL]
        for action in get_actions_for_service("dynamodb"):
            if action in permitted or (role not in PIPELINES and name in slots and is_description(action)):
                continue
            yield from (Effect(role, action, on) for on in (reached.tables[0], reached.indexes[0], stream_of(name)))
        for action in get_actions_for_service("dynamodb"):  # a table that somebody restored under the legacy name
            yield from (Effect(role, action, f"{arns('legacy').tables[0]}{end}") for end in ("-old", "2"))
        if name != "legacy":
            yield from (one for one in _of_another(name, role) if not one.action.startswith("dynamodb:"))
            yield from (Effect(role, f"iam:{way}", arns(name).role("app")) for way in WAYS_IN)
            yield Effect(role, "sts:AssumeRole", arns(name).role("migrator"))


def is_description(action: str) -> bool:
    settings = ("dynamodb:GetAbacStatus", "dynamodb:GetResourcePolicy")
    return action in settings or action.startswith(("dynamodb:Describe", "dynamodb:ListTags"))


def stream_of(slot: str) -> str:
    return arns(slot).streams[0].replace("*", "1")


def _account(environment: str, role: str) -> Iterator[Effect]:
    """The state of stacks, and the records of all environments, the pointers to open slots among them."""
    own = arns(environment)
    production = parse_environment(environment).kind.production
    bucket = own.state_bucket("standing")
    reads = {"dynamodb:GetItem"} if environment == "dev" else set[str]()
    if role in PIPELINES:
        whole = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"}
    else:
        whole = reads | (set(CUTOVER) if production and role == "migrator" else set())
    ends = ["dynamodb:GetItem", *(["dynamodb:UpdateItem"] if production else [])]
    of_pointer = whole | (set(ends) if role not in PIPELINES else set())
    pointer = "prod" if production else environment
    for action in get_actions_for_service("dynamodb"):
        for key in (None, f"pointer#{OTHER[pointer]}", "lock#x", "pointer#", f"pointer#{pointer}"):
            context = () if key is None else ((LEADING_KEYS, key),)
            if action not in (of_pointer if key == f"pointer#{pointer}" else whole):
                yield Effect(role, action, own.control_table, context)
    files = {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"} if role in PIPELINES else set[str]()
    for action in set(get_actions_for_service("s3")) - files:
        yield from (
            Effect(role, action, on) for on in (bucket, f"{bucket}/.pulumi/stacks/tee-infra/{environment}.json")
        )


def _never_if_invited(environment: str, role: str) -> Iterator[Effect]:
    """A table's policy and a role's trust may name a session: only a Deny stops it."""
    own = arns(environment)
    for name in parse_environment(environment).kind.roles:
        yield Effect(role, "sts:AssumeRole", own.role(name))
    copies = {NATIVE_BACKUP, *(READ_STREAM if role == "migrator" else ())} if role not in PIPELINES else set[str]()
    on_data = [own.tables[0], own.streams[0].replace("*", "1")]
    for action in {*EXFILTRATION, CHANGE_TAG_ACCESS} - copies:
        yield from (Effect(role, action, on) for on in on_data)
    if role not in PIPELINES:
        yield from (Effect(role, action, ELSEWHERE) for action in READ_STREAM if action not in copies)
    else:  # no item, whatever the policy of a table says
        seeds = {"dynamodb:BatchWriteItem"} if environment == "dev" else set[str]()
        yield from (Effect(role, action, own.tables[0]) for action in {*DATA_PLANE} - seeds)
    if role != "migrator":
        for name in ("GetParameter", "GetParameterHistory", "GetParameters", "GetParametersByPath", "PutParameter"):
            for on in (own.parameter(names.ANONYMIZE_KEY), own.parameter("")):
                yield Effect(role, f"ssm:{name}", on)


ELSEWHERE = "arn:aws:dynamodb:eu-west-1:210987654321:table/any/stream/1"
"""A stream of another account, whose policy may name a session."""
ATTACHED = ("monitoring", "audit-and-keys")
