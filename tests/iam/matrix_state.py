"""The rows of the matrix on the state of stacks, its key, and the control table."""

from tests.iam.matrix import FEATURE, NO, TABLE, YES, Row
from tests.support.iam_roles import ACCOUNT, REGION


def state_rows() -> list[Row]:
    return [*state(), *key(), *control()]


BUCKET = f"arn:aws:s3:::tee-state-{{}}-{ACCOUNT}-{REGION}"
STANDING, EPHEMERAL = BUCKET.format("standing"), BUCKET.format("ephemeral")
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0b1c"
STATE_KEY = {"kms:ResourceAliases": "alias/tee-state"}
ON_FILES = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject")
PIPELINES = (
    *((environment, "deployer") for environment in ("prod", "staging", "dev", "test")),
    ("prod", "privileged-deployer"),
    ("dev", "cleanup"),
)
PEOPLE = (("prod", "developer"), ("prod", "migrator"), ("prod", "break-glass"), ("dev", "developer"), (FEATURE, "app"))


def files_of(environment: str) -> list[str]:
    """One of each kind that the engine keeps (`core.pulumi_state.files`)."""
    return [
        f".pulumi/stacks/tee-infra/{environment}.json",
        f".pulumi/stacks/tee-infra/{environment}.json.bak",
        f".pulumi/stacks/tee-infra/{environment}.pulumi-tags",
        f".pulumi/locks/organization/tee-infra/{environment}/4f5e.json",
        f".pulumi/backups/tee-infra/{environment}/{environment}.17.json",
        f".pulumi/history/tee-infra/{environment}/{environment}-17.checkpoint.json",
    ]


def state() -> list[Row]:
    """A deployer has its own files, dev's those of feature environments too, cleanup those alone."""
    return [
        *(
            Row(environment, role, action, f"{STANDING}/{file}", role != "cleanup" and environment == whose)
            for environment, role in PIPELINES
            for whose in ("prod", "prod-v2", "staging", "dev")
            for file in files_of(whose)
            for action in ON_FILES
        ),
        *(
            Row(environment, role, action, f"{EPHEMERAL}/{file}", environment == "dev")
            for environment, role in PIPELINES
            for file in (*files_of(FEATURE), f".pulumi/destroyed/{FEATURE}/20261201T000000Z.json", ".pulumi/meta.yaml")
            for action in ON_FILES
        ),
        *(
            Row(environment, role, "s3:ListBucket", bucket, allowed)
            for environment, role in PIPELINES
            for bucket, allowed in ((STANDING, role != "cleanup"), (EPHEMERAL, environment == "dev"))
        ),
        *(
            Row(environment, role, action, bucket, NO)
            for environment, role in PIPELINES
            for bucket in (STANDING, EPHEMERAL)
            for action in ("s3:DeleteBucket", "s3:PutBucketPolicy", "s3:PutBucketVersioning")
        ),
        *(
            Row(environment, role, "s3:DeleteObjectVersion", f"{bucket}/{files_of(environment)[0]}", NO)
            for environment, role in PIPELINES
            for bucket in (STANDING, EPHEMERAL)
        ),
        *(Row(*role, "s3:GetObject", f"{STANDING}/{files_of(role[0])[0]}", NO) for role in PEOPLE),
        Row("prod", "deployer", "s3:GetObject", STANDING + "/.pulumi/meta.yaml", YES),
        Row("prod", "deployer", "s3:PutObject", STANDING + "/.pulumi/meta.yaml", NO),
    ]


def key() -> list[Row]:
    """Pipelines use the key of the state, found by its alias; what becomes of it is not theirs."""
    return [
        *(
            Row(environment, role, f"kms:{action}", KEY, allowed, context)
            for environment, role in PIPELINES
            for action in ("Decrypt", "Encrypt", "GenerateDataKey")
            for context, allowed in ((STATE_KEY, YES), ({"kms:ResourceAliases": "alias/other"}, NO), ({}, NO))
        ),
        *(
            Row(environment, role, f"kms:{action}", KEY, NO, STATE_KEY)
            for environment, role in PIPELINES
            for action in ("ScheduleKeyDeletion", "PutKeyPolicy", "DisableKey", "CreateGrant")
        ),
    ]


def control() -> list[Row]:
    """Pipelines read and put locks, records and history, and no pointer; nobody changes an item in place or deletes
    one, and people go by rights of their own."""
    table = TABLE + "tee-control"
    never = (
        "UpdateItem",
        "DeleteItem",
        "BatchWriteItem",
        "PartiQLUpdate",
        "PartiQLDelete",
        "DeleteTable",
        "UpdateTable",
    )
    own = ("locks", "registry", "audit#prod", f"audit#{FEATURE}")
    pointers = ("pointer#prod", "pointer#staging", "switch#prod", "tail#prod", "replications", "replication#a", "lock")
    return [
        *(
            Row(*role, f"dynamodb:{action}", table, key in own, {"dynamodb:LeadingKeys": key})
            for role in PIPELINES
            for action in ("GetItem", "PutItem", "Query")
            for key in (*own, *pointers)
        ),
        *(Row(*role, f"dynamodb:{action}", table, NO) for role in PIPELINES for action in ("GetItem", "PutItem")),
        *(Row(*role, f"dynamodb:{action}", table, NO) for role in (*PIPELINES, *PEOPLE) for action in never),
        *(Row(*role, f"dynamodb:{action}", table, NO) for role in PEOPLE for action in ("GetItem", "PutItem", "Query")),
    ]
