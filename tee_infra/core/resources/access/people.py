"""The roles of people and of the app: who may read and write items."""

from collections.abc import Mapping, Sequence
from typing import Final

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.environments import Environment
from tee_infra.core.resources.access.actions import (
    CHANGE_POLICY,
    CHANGE_TABLE,
    CHANGE_TAG_ACCESS,
    COMPARE_TABLES,
    DATA_PLANE,
    DELETE_TABLE,
    DESCRIBE,
    DESCRIBE_STREAM,
    EXFILTRATION,
    LIST_BACKUPS,
    LIST_STREAMS,
    NATIVE_BACKUP,
    PARTIQL,
    QUERY,
    READ_KEYS,
    READ_STREAM,
    SCAN,
    WARM_TABLE,
    WRITE,
)
from tee_infra.core.resources.access.cutover import on_cutover
from tee_infra.core.resources.access.documents import EVERYTHING, Statement, allow, deny, document
from tee_infra.core.resources.access.role import Role
from tee_infra.core.resources.access.slots import under_their_names, with_slots
from tee_infra.core.tables.catalog import TABLES

_COPIES: Final = (NATIVE_BACKUP, *READ_STREAM)
"""What a copy of data needs of `EXFILTRATION`: backups in the account, and the writes while it runs."""

MFA_SECONDS: Final = 15 * 60
"""The maximum age of the second factor for the break-glass role."""


def app(environment: Environment, arns: Arns, slots: Sequence[str]) -> Role:
    """The app: items of its own environment by key and by index, in every slot of it. No Scan, no change to a table.

    Lambda and ECS may assume the role, once a principal with `iam:PassRole` on it passes it to them.
    """
    scope = with_slots(arns, slots)
    services = {"Service": ["ecs-tasks.amazonaws.com", "lambda.amazonaws.com"]}
    return Role(
        name="app",
        description="The app: reads and writes items, never scans, never changes a table",
        trust=document(allow("RunTheApp", ["sts:AssumeRole"], principal=services)),
        permissions=document(
            allow("Items", [*READ_KEYS, QUERY, *WRITE, "dynamodb:DescribeTable"], _tables(scope)),
            allow("Queries", [QUERY], [arn for one in scope for arn in one.indexes]),
            _read_configuration(arns),
            *on_pointer(environment, arns),
            *_never([SCAN, *PARTIQL, DELETE_TABLE, *CHANGE_TABLE], scope),
        ),
    )


def developer(environment: Environment, arns: Arns, slots: Sequence[str]) -> Role:
    """A developer: all items outside production, only descriptions in it and in its slots."""
    production, scope = environment.kind.production, with_slots(arns, slots)
    statements = [
        allow("Describe", DESCRIBE, _tables(scope)),
        _read_configuration(arns),
    ]
    if environment.is_feature:  # the commands that take its name make sure first that its record is live
        statements.append(allow("ReadItsRecord", ["dynamodb:GetItem"], [arns.control_table]))
    if not production:
        statements += [
            allow("Items", [*READ_KEYS, *WRITE], arns.tables),
            allow("QueriesAndScans", [QUERY, SCAN], [*arns.tables, *arns.indexes]),
            *([] if environment.is_feature else on_pointer(environment, arns)),
        ]
    return Role(
        name="developer",
        description="Developers: " + ("describe tables, see no item" if production else "read and write items"),
        trust=document(_people(arns)),
        permissions=document(*statements, *_never(DATA_PLANE if production else PARTIQL, scope)),
    )


def migrator(environment: Environment, arns: Arns, slots: Sequence[str]) -> Role:
    """A copy of data: one role at each end, this environment's side of it.

    Production can be a source and never a target. Slots are the exception: a slot's own migrator fills it, and
    production's replicates between all that its settings name, production itself included.
    """
    production, scope = environment.kind.production, with_slots(arns, slots)
    is_slot, reads = environment.slot is not None, [*DESCRIBE, *READ_KEYS, QUERY, SCAN, NATIVE_BACKUP]
    writes = bool(slots) or is_slot or not production
    reads += COMPARE_TABLES if production and not is_slot else ()
    statements = [
        allow("Items", [*reads, *(WRITE if writes else ())], _tables(scope)),
        allow("ReadIndexes", [QUERY, SCAN], arns.indexes),  # not those of slots: no command reads them
        allow("ReadStreams", [DESCRIBE_STREAM, *READ_STREAM], [arn for one in scope for arn in one.streams]),
        allow("List", [LIST_BACKUPS, LIST_STREAMS], EVERYTHING),  # they list, and take no resource
        *_read_anonymization_key(arns),
        *on_cutover(environment, arns, slots),
    ]
    if writes and production:  # of what its own migrations fill, and of no other slot
        statements.append(allow("RaiseWarmThroughput", [WARM_TABLE], arns.tables))
    if writes and (is_slot or not production):
        statements.append(_mark_restores(arns))
    # Production's items leave through this role: only with a second factor. Allow with `Bool`
    # fails closed where the key is missing; a Deny with `Bool` would fail open.
    second_factor = {"Bool": {"aws:MultiFactorAuthPresent": "true"}} if production else None
    return Role(
        name="migrator",
        description="Copies of data: " + ("reads and writes items" if writes else "reads items, never writes"),
        trust=document(_people(arns, second_factor)),
        permissions=document(*statements, *_never(PARTIQL if writes else [*WRITE, *PARTIQL], scope, but=_COPIES)),
    )


def break_glass(arns: Arns) -> Role:
    """An emergency in production: read items for an hour, with a name and a reason. Every use raises an alarm."""
    reasons = {
        # The rule that reports its use gets no call to the endpoint of another region.
        "StringEquals": {"aws:RequestedRegion": arns.region},
        "NumericLessThan": {"aws:MultiFactorAuthAge": str(MFA_SECONDS)},
        "StringLike": {"aws:RequestTag/Ticket": "?*", "sts:SourceIdentity": "?*"},
    }
    return Role(
        name="break-glass",
        description="Emergencies: reads items for one hour; needs MFA, a Ticket tag and a source identity",
        trust=document(_people(arns, reasons, ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"])),
        permissions=document(
            allow("Read", [*DESCRIBE, *READ_KEYS, QUERY, SCAN], arns.tables),
            allow("ReadIndexes", [QUERY, SCAN], arns.indexes),
            _on_pointer(names.PRODUCTION, arns, ["dynamodb:GetItem"]),  # whose tables the app uses now
            *_never([*WRITE, *PARTIQL], [arns]),
        ),
    )


def _people(
    arns: Arns,
    conditions: Mapping[str, Mapping[str, str]] | None = None,
    actions: Sequence[str] = ("sts:AssumeRole",),
) -> Statement:
    """Every principal of this account that also has `sts:AssumeRole` on the role: both sides must allow it."""
    return allow("PeopleOfThisAccount", actions, principal={"AWS": arns.account_root}, conditions=conditions)


def _read_configuration(arns: Arns) -> Statement:
    parameters = [arns.parameter("tables", table.name) for table in TABLES]
    return allow(
        "ReadConfiguration",
        ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"],
        [arns.parameter("active-slot"), arns.parameter("tables"), *parameters],
    )


def _mark_restores(arns: Arns) -> Statement:
    """The mark of a restore into an empty table, and no other tag: tags tell whose a table is.

    `ForAllValues` also holds for a request without any key, so the key has to be there.
    """
    only = {"ForAllValues:StringEquals": {"aws:TagKeys": names.RESTORING_TAG}, "Null": {"aws:TagKeys": "false"}}
    return allow("MarkRestores", ["dynamodb:TagResource", "dynamodb:UntagResource"], arns.tables, conditions=only)


def _read_anonymization_key(arns: Arns) -> list[Statement]:
    """The key of the pseudonyms, in the account of the source. SSM decrypts it in the caller's name.

    A SecureString's encryption context is its ARN (AWS KMS developer guide, "How Parameter Store uses AWS KMS").
    """
    parameter = arns.parameter(names.ANONYMIZE_KEY)
    through = {"kms:ViaService": f"ssm.{arns.region}.amazonaws.com", "kms:EncryptionContext:PARAMETER_ARN": parameter}
    return [
        allow("AnonymizationKey", ["ssm:GetParameter"], [parameter]),
        allow("DecryptIt", ["kms:Decrypt"], [arns.keys], conditions={"StringEquals": through}),
    ]


def on_pointer(environment: Environment, arns: Arns) -> list[Statement]:
    """Read the item that names the open slot; where there can be slots, also end an expired drain."""
    if environment.kind.production:
        return [_on_pointer(environment.kind.name, arns, ["dynamodb:GetItem", "dynamodb:UpdateItem"])]
    return [_on_pointer(environment.name, arns, ["dynamodb:GetItem"])]


def _on_pointer(of: str, arns: Arns, actions: Sequence[str]) -> Statement:
    """`ForAllValues` also holds for a request without any key, so the key has to be there."""
    return allow(
        "Pointer",
        actions,
        [arns.control_table],
        conditions={
            "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": names.pointer(of)},
            "Null": {"dynamodb:LeadingKeys": "false"},
        },
    )


def _tables(scope: Sequence[Arns]) -> list[str]:
    return [arn for one in scope for arn in one.tables]


def _never(actions: Sequence[str], scope: Sequence[Arns], *, but: Sequence[str] = ()) -> list[Statement]:
    """An explicit Deny still applies after a later, wider Allow."""
    exports = [action for action in EXFILTRATION if action not in but]
    return [
        deny("NeverHere", [*actions, *exports, *CHANGE_POLICY], under_their_names(scope)),
        deny("NeverSwitchTagAccess", [CHANGE_TAG_ACCESS], EVERYTHING),
    ]
