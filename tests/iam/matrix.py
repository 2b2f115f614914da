"""Who may do what, as literal rows: role, action, resource, allowed, and what else AWS knows about the call.

`matrix_pipelines.py` has those of deployers and cleanup, `matrix_state.py` those on the state of stacks and on the
control table, `matrix_slots.py` those of production whose settings name slots.
"""

from typing import NamedTuple

from tee_infra.core.environments import parse_environment
from tests.support.iam_roles import ACCOUNT, REGION

FEATURE = "feature-new-auth"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/tee/"
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/tee/"
PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/tee/"


class Row(NamedTuple):
    environment: str
    role: str
    action: str
    resource: str
    allowed: bool
    context: dict[str, str] = {}  # noqa: RUF012 - never changed
    slots: tuple[str, ...] = ()


def rows() -> list[Row]:
    return [*APP, *DEVELOPER, *MIGRATOR, *BREAK_GLASS, *exfiltration(), *pointers(), *streams()]


YES, NO = True, False
DEPLOYERS = ("deployer", "privileged-deployer")
"""Production's."""

ON_ITEMS = ("GetItem", "BatchGetItem", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem", "PartiQLSelect")

APP = [
    Row("prod", "app", "dynamodb:GetItem", TABLE + "prod-tee-admin", YES),
    Row("prod", "app", "dynamodb:BatchWriteItem", TABLE + "prod-tee-sync-status", YES),
    Row("prod", "app", "dynamodb:Query", TABLE + "prod-tee-schedules/index/by-date", YES),
    Row("prod", "app", "dynamodb:Scan", TABLE + "prod-tee-admin", NO),
    Row("prod", "app", "dynamodb:Scan", TABLE + "prod-tee-schedules/index/by-date", NO),
    Row("prod", "app", "dynamodb:PartiQLSelect", TABLE + "prod-tee-admin", NO),
    Row("prod", "app", "dynamodb:DeleteTable", TABLE + "prod-tee-admin", NO),
    Row("prod", "app", "dynamodb:UpdateTable", TABLE + "prod-tee-admin", NO),
    Row("prod", "app", "dynamodb:UpdateTimeToLive", TABLE + "prod-tee-admin", NO),
    # Environments whose names begin alike: exact ARNs keep them apart.
    Row("prod", "app", "dynamodb:GetItem", TABLE + "prod-v2-tee-admin", NO),
    Row("prod", "app", "dynamodb:GetItem", TABLE + "prod-hotfix-tee-admin", NO),
    Row("prod", "app", "dynamodb:GetItem", TABLE + "prod-tee-admin-copy", NO),
    Row("dev", "app", "dynamodb:GetItem", TABLE + "prod-tee-admin", NO),
    Row("dev", "app", "dynamodb:GetItem", TABLE + f"{FEATURE}-tee-admin", NO),
    Row(FEATURE, "app", "dynamodb:PutItem", TABLE + f"{FEATURE}-tee-admin", YES),
    Row(FEATURE, "app", "dynamodb:PutItem", TABLE + "feature-other-tee-admin", NO),
    Row(FEATURE, "app", "dynamodb:PutItem", TABLE + "dev-tee-admin", NO),
    Row("prod", "app", "ssm:GetParameter", PARAMETER + "prod/active-slot", YES),
    Row("prod", "app", "ssm:PutParameter", PARAMETER + "prod/active-slot", NO),
    Row("prod", "app", "ssm:GetParameter", PARAMETER + "staging/active-slot", NO),
    # Plain HTTP, and a caller from elsewhere whom somebody's later policy let in.
    Row("prod", "app", "dynamodb:GetItem", TABLE + "prod-tee-admin", NO, {"aws:SecureTransport": "false"}),
    Row("prod", "app", "dynamodb:GetItem", TABLE + "prod-tee-admin", NO, {"aws:PrincipalAccount": "210987654321"}),
]

READS_RECORD = FEATURE, "GetItem"
DEVELOPER = [
    *(
        Row(environment, "developer", action, f"{TABLE}{environment}-{resource}", YES)
        for environment in ("dev", "staging", FEATURE)
        for action, resource in (
            ("dynamodb:GetItem", "tee-admin"),
            ("dynamodb:DeleteItem", "tee-admin"),
            ("dynamodb:Scan", "tee-schedules"),
            ("dynamodb:Query", "tee-schedules/index/by-date"),
            ("dynamodb:Scan", "tee-sync-status/index/by-state"),
            ("dynamodb:DescribeTable", "tee-admin"),
        )
    ),
    Row("prod", "developer", "dynamodb:DescribeTable", TABLE + "prod-tee-admin", YES),
    Row("prod", "developer", "dynamodb:DescribeContinuousBackups", TABLE + "prod-tee-admin", YES),
    *(
        Row(environment, "developer", f"dynamodb:{action}", f"{TABLE}{environment}-tee-admin", NO)
        for environment in ("prod", "prod-v2")
        for action in ON_ITEMS
    ),
    Row("prod", "developer", "dynamodb:Query", TABLE + "prod-tee-schedules/index/by-date", NO),
    Row("staging", "developer", "dynamodb:DeleteTable", TABLE + "staging-tee-admin", NO),
    Row("dev", "developer", "dynamodb:GetItem", TABLE + "staging-tee-admin", NO),
    *(
        Row(
            environment, "developer", f"dynamodb:{action}", TABLE + "tee-control", (environment, action) == READS_RECORD
        )
        for environment in (FEATURE, "dev", "prod")
        for action in ("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "Scan")
    ),
]


def anonymization_key() -> list[Row]:
    """The key of the pseudonyms: the migrator of the same environment reads it, no other role."""
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0b1c"
    through = {
        "kms:ViaService": f"ssm.{REGION}.amazonaws.com",
        "kms:EncryptionContext:PARAMETER_ARN": PARAMETER + "prod/anonymize-key",
        "kms:ResourceAliases": "alias/aws/ssm",
    }
    elsewhere = through | {"kms:EncryptionContext:PARAMETER_ARN": PARAMETER + "prod/other"}
    directly = {name: value for name, value in through.items() if name != "kms:ViaService"}
    return [
        *(
            Row("prod", role, f"ssm:{action}", PARAMETER + "prod/anonymize-key", (role, action) == READS_IT)
            for role in ("app", "developer", "migrator", "break-glass", *DEPLOYERS)
            for action in ("GetParameter", "GetParameters", "GetParameterHistory", "PutParameter", "DeleteParameter")
        ),
        *(
            Row("prod", role, "kms:Decrypt", key, role == "migrator", through)
            for role in ("migrator", "deployer", "app")
        ),
        *(Row("prod", "migrator", "kms:Decrypt", key, NO, context) for context in ({}, elsewhere, directly)),
        Row("staging", "migrator", "ssm:GetParameter", PARAMETER + "staging/anonymize-key", YES),
        Row("staging", "migrator", "ssm:GetParameter", PARAMETER + "prod/anonymize-key", NO),
        Row("dev", "deployer", "ssm:PutParameter", PARAMETER + "dev/anonymize-key", NO),
    ]


READS_IT = "migrator", "GetParameter"
MIGRATOR = [
    Row("staging", "migrator", "dynamodb:Scan", TABLE + "staging-tee-admin", YES),
    Row("staging", "migrator", "dynamodb:BatchWriteItem", TABLE + "staging-tee-admin", YES),
    Row("staging", "migrator", "dynamodb:Scan", TABLE + "prod-tee-admin", NO),
    Row("prod", "migrator", "dynamodb:Scan", TABLE + "prod-tee-admin", YES),
    Row("prod", "migrator", "dynamodb:BatchWriteItem", TABLE + "prod-tee-admin", NO),
    Row("prod", "migrator", "dynamodb:DeleteItem", TABLE + "prod-tee-admin", NO),
    Row("prod-v2", "migrator", "dynamodb:BatchWriteItem", TABLE + "prod-v2-tee-admin", YES),
    Row("prod-v2", "migrator", "dynamodb:BatchWriteItem", TABLE + "prod-tee-admin", NO),
    Row("prod", "migrator", "dynamodb:DeleteTable", TABLE + "prod-tee-admin", NO),
    *(
        Row(environment, "migrator", "dynamodb:CreateBackup", f"{TABLE}{environment}-tee-admin", YES)
        for environment in ("prod", "prod-v2", "staging", "dev")
    ),
    Row("dev", "migrator", "dynamodb:CreateBackup", TABLE + "prod-tee-admin", NO),
    Row("prod", "migrator", "dynamodb:ListBackups", "*", YES),
    Row("prod", "migrator", "dynamodb:DeleteBackup", TABLE + "prod-tee-admin/backup/1", NO),
    Row("prod", "migrator", "dynamodb:RestoreTableFromBackup", TABLE + "prod-tee-admin/backup/1", NO),
    *(
        Row(environment, "migrator", f"dynamodb:{action}", f"{TABLE}{environment}-tee-admin", allowed, context)
        for action in ("TagResource", "UntagResource")
        for environment, allowed, context in (
            ("staging", YES, {"aws:TagKeys": "tee:restoring"}),
            ("staging", NO, {"aws:TagKeys": "tee:environment"}),
            ("staging", NO, {}),
            ("prod", NO, {"aws:TagKeys": "tee:restoring"}),
        )
    ),
    *anonymization_key(),
]

BREAK_GLASS = [
    Row("prod", "break-glass", "dynamodb:GetItem", TABLE + "prod-tee-admin", YES),
    Row("prod", "break-glass", "dynamodb:Scan", TABLE + "prod-tee-schedules/index/by-date", YES),
    Row("prod", "break-glass", "dynamodb:PutItem", TABLE + "prod-tee-admin", NO),
    Row("prod", "break-glass", "dynamodb:DeleteTable", TABLE + "prod-tee-admin", NO),
    Row("prod", "break-glass", "iam:PutRolePolicy", ROLE + "prod/prod-tee-app", NO),
]

TAKES_DATA_OUT = (
    "CreateBackup",
    "CreateTableReplica",
    "DeleteResourcePolicy",
    "EnableKinesisStreamingDestination",
    "ExportTableToPointInTime",
    "PutResourcePolicy",
    "ReplicateSettings",
    "RestoreTableFromAwsBackup",
    "RestoreTableToPointInTime",
    "StartAwsBackupJob",
    "UpdateGlobalTable",
)
ROLES = (
    ("prod", ("app", "developer", "migrator", "break-glass")),
    ("staging", ("app", "developer", "migrator")),
    ("dev", ("app", "developer", "migrator", "cleanup")),
    (FEATURE, ("app", "developer")),
)


STREAM = "tee-admin/stream/2026-11-01T00:00:00.000"


def streams() -> list[Row]:
    """The changes of a table: the migrator of its environment reads them, to find writes while it copies."""
    reads = ("DescribeStream", "GetRecords", "GetShardIterator")
    others = (("prod", "prod-v2"), ("prod-v2", "prod"), ("staging", "prod"), ("dev", FEATURE), ("test", "dev"))
    return [
        *(
            Row(environment, "migrator", f"dynamodb:{action}", f"{TABLE}{whose}-{STREAM}", environment == whose)
            for environment, other in others
            for whose in (environment, other)
            for action in reads
        ),
        *(Row(environment, "migrator", "dynamodb:ListStreams", "*", YES) for environment, _ in others),
        *(
            Row("prod", "migrator", f"dynamodb:{action}", TABLE + f"prod-{STREAM}", NO)
            for action in ("GetItem", "Scan")
        ),
        *(Row("prod", role, "dynamodb:ListStreams", "*", NO) for role in ("app", "developer", *DEPLOYERS)),
    ]


CONTROL = TABLE + "tee-control"
ON_CONTROL = ("GetItem", "UpdateItem", "PutItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem")


def pointers() -> list[Row]:
    """The item that names the open slot: every app reads it, and production's may update it to end an expired drain.

    `matrix_slots.py` has what production's migrators write beside it.
    """
    of = {"prod": "prod", "prod-v2": "prod", "staging": "staging", "dev": "dev", FEATURE: FEATURE}
    keys = ("pointer#prod", "pointer#prod-v2", "pointer#staging", "pointer#", "pointer#dev", "lock#prod", "prod")
    reads = {("staging", "developer"), ("dev", "developer"), *((environment, "app") for environment in of)}
    reads |= {("prod", "break-glass"), ("prod-v2", "break-glass")}
    ends = {("prod", "app"), ("prod-v2", "app")}
    whole = {(FEATURE, "developer")}  # the record of its environment
    rows = [
        Row(environment, role, f"dynamodb:{action}", CONTROL, allowed, {"dynamodb:LeadingKeys": key})
        for environment, pointer in of.items()
        for role in ("app", "developer", "migrator", "break-glass")
        if role in parse_environment(environment).kind.roles and (pointer, role) != ("prod", "migrator")
        for key in (*keys, f"pointer#{FEATURE}")
        for action in ON_CONTROL
        for allowed in [
            (action == "GetItem" and (environment, role) in whole)
            or (
                key == f"pointer#{pointer}"
                and (
                    (action == "GetItem" and (environment, role) in reads)
                    or (action == "UpdateItem" and (environment, role) in ends)
                )
            )
        ]
    ]
    without_a_key = [
        Row(environment, "app", f"dynamodb:{action}", CONTROL, NO) for environment in of for action in ON_CONTROL
    ]
    elsewhere = [
        Row("prod", "app", "dynamodb:UpdateItem", TABLE + table, NO, {"dynamodb:LeadingKeys": "pointer#prod"})
        for table in ("prod-tee-control", "staging-tee-admin", "tee-control-copy")
    ]
    return [*rows, *without_a_key, *elsewhere]


def deployers(environment: str) -> list[str]:
    return [role for role in parse_environment(environment).kind.roles if role.endswith("deployer")]


def exfiltration() -> list[Row]:
    """No role of people or of the app takes data out, nor writes a policy that would let somebody else do it."""
    return [
        *(
            Row(environment, role, f"dynamodb:{action}", f"{TABLE}{environment}-tee-admin", NO)
            for environment, roles in ROLES
            for role in roles
            for action in TAKES_DATA_OUT
            if (role, action) != ("migrator", "CreateBackup")
        ),
        *(
            Row(environment, role, action, f"{TABLE}{environment}-{STREAM}", NO)
            for environment, roles in ROLES
            for role in (*roles, *deployers(environment))
            for action in ("dynamodb:GetRecords", "dynamodb:GetShardIterator")
            if role != "migrator"
        ),
        *(Row("prod", role, "dynamodb:UpdateAbacStatus", "*", NO) for role in ("app", "developer", *DEPLOYERS)),
    ]
