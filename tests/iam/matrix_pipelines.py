"""The rows of the matrix on the roles of pipelines: deployers, production's two among them, and cleanup."""

from tests.iam.matrix import DEPLOYERS, FEATURE, NO, ON_ITEMS, PARAMETER, POLICY, ROLE, TABLE, YES, Row
from tests.support.iam_roles import ACCOUNT, REGION


def pipeline_rows() -> list[Row]:
    return [*DEPLOYER, *CLEANUP]


OWN_BOUNDARY = {"iam:PermissionsBoundary": POLICY + "prod/prod-tee-boundary"}
DEV_BOUNDARY = {"iam:PermissionsBoundary": POLICY + "dev/dev-tee-boundary"}
PASSED = {"iam:PassedToService": "cloudtrail.amazonaws.com"}

PIPELINE_BOUNDARY = {"iam:PermissionsBoundary": POLICY + "prod/prod-tee-pipeline-boundary"}
MANAGED = (
    POLICY + "prod/prod-tee-boundary",
    POLICY + "prod/prod-tee-pipeline-boundary",
    POLICY + "prod/prod-tee-deployer-monitoring",
    POLICY + "prod/prod-tee-privileged-deployer-audit-and-keys",
)
"""Every managed policy of an environment is guarded."""

STAGING_BOUNDARY = {"iam:PermissionsBoundary": POLICY + "staging/staging-tee-boundary"}
TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/prod-tee-audit"
AUDIT_BUCKET = f"arn:aws:s3:::prod-tee-audit-{ACCOUNT}-{REGION}"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/prod-tee-privileged-sessions"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:prod-tee-alarms"
LOG_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/tee/prod/audit"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0b1c"
OWN_KEY = {"aws:ResourceTag/tee:environment": "prod"}
ALARM = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:prod-tee-other-callers"

PRIVILEGED_CHANGES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("iam:CreateRole", ROLE + "prod/prod-tee-app", OWN_BOUNDARY),
    ("iam:PutRolePolicy", ROLE + "prod/prod-tee-app", OWN_BOUNDARY),
    *(
        (f"iam:{action}", ROLE + f"prod/prod-tee-{role}", {})
        for action in ("UpdateAssumeRolePolicy", "DeleteRole")
        for role in ("app", "developer", "migrator")
    ),
    ("iam:PassRole", ROLE + "prod/prod-tee-audit", PASSED),
    *(
        (f"dynamodb:{action}", TABLE + "prod-tee-admin", {})
        for action in (
            "CreateTable",
            "DeleteTable",
            "UpdateContinuousBackups",
            "UpdateTimeToLive",
            "PutResourcePolicy",
            "DeleteResourcePolicy",
        )
    ),
    *((f"cloudtrail:{action}", TRAIL, {}) for action in ("UpdateTrail", "PutEventSelectors")),
    *(
        (f"s3:Put{what}", AUDIT_BUCKET, {})
        for what in ("LifecycleConfiguration", "BucketObjectLockConfiguration", "BucketPolicy", "BucketVersioning")
    ),
    *((f"logs:{action}", LOG_GROUP, {}) for action in ("PutRetentionPolicy", "DeleteMetricFilter")),
    *((f"cloudwatch:{action}", ALARM, {}) for action in ("DeleteAlarms", "PutMetricAlarm")),
    *((f"kms:{action}", KEY, OWN_KEY) for action in ("PutKeyPolicy", "CreateGrant", "TagResource")),
)
READ_BY_BOTH = (
    ("iam:GetRole", ROLE + "prod/prod-tee-app"),
    ("cloudtrail:GetTrail", TRAIL),
    ("s3:GetBucketPolicy", AUDIT_BUCKET),
    ("events:DescribeRule", RULE),
    ("sns:GetTopicAttributes", TOPIC),
    ("cloudwatch:DescribeAlarms", ALARM),
)
DEPLOYER = [
    *(
        Row("prod", "deployer", f"dynamodb:{action}", TABLE + "prod-tee-admin", YES)
        for action in ("UpdateTable", "TagResource", "DescribeTable", "GetResourcePolicy")
    ),
    *(
        Row("prod", role, f"dynamodb:{action}", TABLE + "prod-tee-admin", NO)
        for role in DEPLOYERS
        for action in ("GetItem", "Scan", "PutItem", "DeleteItem", "PartiQLUpdate", "ExportTableToPointInTime")
    ),
    # Access, evidence and what keeps data from being lost: one deployer of production reads it, the other changes it.
    *(
        Row("prod", role, action, resource, role == "privileged-deployer", context)
        for role in DEPLOYERS
        for action, resource, context in PRIVILEGED_CHANGES
    ),
    *(Row("prod", "deployer", action, resource, YES) for action, resource in READ_BY_BOTH),
    *(
        Row("prod", role, f"iam:{action}", policy, YES)
        for role in DEPLOYERS
        for action in ("GetPolicy", "GetPolicyVersion", "ListPolicyVersions")
        for policy in MANAGED
    ),
    # Neither of them stops the message that reports its use.
    *(
        Row("prod", role, action, resource, NO)
        for role in DEPLOYERS
        for action, resource in (
            *(
                (f"events:{one}", RULE)
                for one in ("DeleteRule", "DisableRule", "PutRule", "PutTargets", "RemoveTargets")
            ),
            *((f"sns:{one}", TOPIC) for one in ("DeleteTopic", "SetTopicAttributes")),
        )
    ),
    Row("prod", "deployer", "dynamodb:UpdateTable", TABLE + "prod-v2-tee-admin", NO),
    Row("staging", "deployer", "dynamodb:PutResourcePolicy", TABLE + "staging-tee-admin", NO),
    # Roles: inside the boundary or not at all, and never a pipeline's, nor the boundary's, nor the emergency's.
    Row("staging", "deployer", "iam:CreateRole", ROLE + "staging/staging-tee-app", YES, STAGING_BOUNDARY),
    Row("staging", "deployer", "iam:UpdateAssumeRolePolicy", ROLE + "staging/staging-tee-app", YES),
    *(
        Row("prod", role, action, resource, NO, context)
        for role in DEPLOYERS
        for action, resource, context in (
            ("iam:CreateRole", ROLE + "prod/prod-tee-app", {}),
            ("iam:CreateRole", ROLE + "prod/prod-tee-app", DEV_BOUNDARY),
            ("iam:PutRolePolicy", ROLE + "prod/prod-tee-deployer", OWN_BOUNDARY),
            ("iam:PutRolePolicy", ROLE + "prod/prod-tee-privileged-deployer", OWN_BOUNDARY),
            ("iam:UpdateAssumeRolePolicy", ROLE + "prod/prod-tee-deployer", {}),
            ("iam:UpdateAssumeRolePolicy", ROLE + "prod/prod-tee-privileged-deployer", {}),
            ("iam:UpdateAssumeRolePolicy", ROLE + "prod/prod-tee-break-glass", {}),
            ("iam:DeleteRolePermissionsBoundary", ROLE + "prod/prod-tee-app", OWN_BOUNDARY),
            ("iam:CreatePolicyVersion", POLICY + "prod/prod-tee-boundary", {}),
            # No managed policy is made, changed, attached or taken away, on no role, and no boundary exchanged.
            *(
                (f"iam:{one}", ROLE + f"prod/prod-tee-{on}", {**OWN_BOUNDARY, "iam:PolicyARN": policy})
                for one in ("AttachRolePolicy", "DetachRolePolicy")
                for on in ("app", "deployer", "privileged-deployer", "break-glass")
                for policy in (*MANAGED, "arn:aws:iam::aws:policy/AdministratorAccess")
            ),
            *(
                (f"iam:{one}", policy, {})
                for one in ("CreatePolicy", "DeletePolicy", "CreatePolicyVersion", "SetDefaultPolicyVersion")
                for policy in (*MANAGED, POLICY + "prod/prod-tee-other", POLICY + "staging/staging-tee-boundary")
            ),
            *(
                (f"iam:{one}", ROLE + f"prod/prod-tee-{on}", PIPELINE_BOUNDARY)
                for one in ("CreateRole", "PutRolePermissionsBoundary", "PutRolePolicy")
                for on in ("app", "made", "deployer", "cleanup")
            ),
            ("iam:PutRolePermissionsBoundary", ROLE + "prod/prod-tee-deployer", OWN_BOUNDARY),
            ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/admin", OWN_BOUNDARY),
            ("iam:PassRole", ROLE + "prod/prod-tee-app", PASSED),
            # The evidence: made and kept, not ended.
            ("cloudtrail:StopLogging", TRAIL, {}),
            ("cloudtrail:DeleteTrail", TRAIL, {}),
            ("s3:DeleteBucket", AUDIT_BUCKET, {}),
            ("s3:GetObject", AUDIT_BUCKET + "/AWSLogs/x", {}),
        )
    ),
    # dev's pipeline makes feature environments, inside dev's boundary and not in one that it could write itself.
    Row("dev", "deployer", "dynamodb:BatchWriteItem", TABLE + f"{FEATURE}-tee-admin", YES),
    Row("dev", "deployer", "dynamodb:BatchWriteItem", TABLE + "dev-tee-admin", NO),
    Row("staging", "deployer", "dynamodb:BatchWriteItem", TABLE + f"{FEATURE}-tee-admin", NO),
    *(Row("dev", "deployer", f"dynamodb:{action}", TABLE + f"{FEATURE}-tee-admin", NO) for action in ON_ITEMS),
    Row("dev", "deployer", "ssm:GetParametersByPath", PARAMETER + FEATURE, YES),
    Row("dev", "deployer", "ssm:GetParametersByPath", PARAMETER + "prod", NO),
    Row("dev", "deployer", "dynamodb:CreateTable", TABLE + f"{FEATURE}-tee-admin", YES),
    Row("dev", "deployer", "iam:CreateRole", ROLE + f"{FEATURE}/{FEATURE}-tee-app", YES, DEV_BOUNDARY),
    Row("dev", "deployer", "iam:CreateRole", ROLE + f"{FEATURE}/{FEATURE}-tee-app", NO, OWN_BOUNDARY),
    Row("dev", "deployer", "iam:CreatePolicy", POLICY + f"{FEATURE}/anything", NO),
    Row("staging", "deployer", "dynamodb:CreateTable", TABLE + f"{FEATURE}-tee-admin", NO),
]

CLEANUP = [
    Row("dev", "cleanup", "dynamodb:DeleteTable", TABLE + f"{FEATURE}-tee-admin", YES),
    Row("dev", "cleanup", "iam:DeleteRole", ROLE + f"{FEATURE}/{FEATURE}-tee-app", YES),
    Row("dev", "cleanup", "ssm:DeleteParameter", PARAMETER + f"{FEATURE}/tables/tee-admin", YES),
    *(
        Row("dev", "cleanup", "dynamodb:DeleteTable", f"{TABLE}{standing}-tee-admin", NO)
        for standing in ("prod", "prod-v2", "staging", "dev", "test")
    ),
    *(
        Row("dev", "cleanup", f"dynamodb:{action}", TABLE + f"{FEATURE}-tee-admin", NO)
        for action in ("UpdateTable", "CreateTable", "BatchWriteItem", "GetItem")
    ),
    Row("dev", "cleanup", "dynamodb:ListTables", "*", YES),
    Row("dev", "cleanup", "ssm:GetParametersByPath", PARAMETER + FEATURE, YES),
    Row("dev", "cleanup", "ssm:GetParametersByPath", PARAMETER + "prod", NO),
    Row("dev", "cleanup", "iam:DeleteRole", ROLE + "dev/dev-tee-app", NO),
    Row("dev", "cleanup", "ssm:DeleteParameter", PARAMETER + "prod/active-slot", NO),
    Row("dev", "cleanup", "dynamodb:Scan", TABLE + f"{FEATURE}-tee-admin", NO),
]
