"""Production's roles in its slots, and a slot's own roles: literal rows, as in `matrix.py`."""

from typing import Final

from tests.iam.matrix import CONTROL, DEPLOYERS, NO, ON_CONTROL, PARAMETER, ROLE, TABLE, YES, Row

V2: Final = ("prod-v2",)
V2_V3: Final = ("prod-v2", "prod-v3")
LEGACY: Final = ("legacy",)
NAMED: Final = (((), ()), (V2, ("prod-v2",)), (V2_V3, V2_V3), (("prod-v20",), ("prod-v20",)))
"""Settings of production, and the slots whose tables its roles reach."""

ASKED: Final = {
    "app": {"GetItem": YES, "PutItem": YES, "UpdateItem": YES, "Query": YES, "Scan": NO, "UpdateTable": NO},
    "developer": {"DescribeTable": YES, "GetItem": NO, "Scan": NO, "Query": NO, "PutItem": NO},
    "migrator": {"GetItem": YES, "Scan": YES, "CreateBackup": YES, "PutItem": YES, "TagResource": NO},
    "break-glass": {"GetItem": NO, "Scan": NO, "DescribeTable": NO},
}
"""What each role of production may in a slot that its settings name."""

NEVER: Final = ("DeleteTable", "UpdateTable", "PutResourcePolicy", "ExportTableToPointInTime", "PartiQLSelect")
STREAM: Final = "tee-admin/stream/2026-11-01T00:00:00.000"
PRODUCTION: Final = ("app", "developer", "migrator", "break-glass", *DEPLOYERS)


def slot_rows() -> list[Row]:
    """Every row."""
    return [*reach(), *strange(), *legacy(), *never(), *migrators(), *cutover(), *of_a_slot()]


def reach() -> list[Row]:
    """The slots that the settings name, and no other: not the next one, and none that begins or ends alike."""
    return [
        Row("prod", role, f"dynamodb:{action}", f"{TABLE}{slot}-tee-admin", allowed and slot in reached, slots=named)
        for named, reached in NAMED
        for slot in ("prod-v2", "prod-v3", "prod-v20", "prod-v1")
        for role, actions in ASKED.items()
        for action, allowed in actions.items()
    ]


def strange() -> list[Row]:
    tables = (
        "prod-v2-x-tee-admin",
        "prod-v2-tee-admin-old",
        "xprod-v2-tee-admin",
        "prod-hotfix-tee-admin",
        "tee-admin",
    )
    return [
        *(
            Row("prod", role, f"dynamodb:{action}", TABLE + table, NO, slots=V2)
            for table in tables
            for role, actions in ASKED.items()
            for action in actions
        ),
        Row("prod", "app", "dynamodb:Query", TABLE + "prod-v2-tee-schedules/index/by-date", YES, slots=V2),
        Row("prod", "app", "dynamodb:Scan", TABLE + "prod-v2-tee-schedules/index/by-date", NO, slots=V2),
        Row("prod", "app", "dynamodb:Query", TABLE + "prod-v3-tee-schedules/index/by-date", NO, slots=V2),
        Row("prod", "developer", "dynamodb:Query", TABLE + "prod-v2-tee-schedules/index/by-date", NO, slots=V2),
        *(
            Row("prod", role, "dynamodb:GetRecords", f"{TABLE}{slot}-{STREAM}", (role, slot) == READS, slots=V2)
            for role in PRODUCTION
            for slot in ("prod-v2", "prod-v3")
        ),
    ]


READS: Final = ("migrator", "prod-v2")


def legacy() -> list[Row]:
    """The tables without a prefix: by their exact names, not the control table, whose name begins alike."""
    tables = {"tee-admin": YES, "tee-sync-status": YES, "tee-admin-old": NO, "tee-control": NO, "tee-adm": NO}
    return [
        *(
            Row("prod", role, f"dynamodb:{action}", TABLE + table, allowed and exists and named == LEGACY, slots=named)
            for named in (LEGACY, V2)
            for table, exists in tables.items()
            for role, actions in ASKED.items()
            for action, allowed in actions.items()
        ),
        Row("prod", "migrator", "dynamodb:GetRecords", TABLE + STREAM, YES, slots=LEGACY),
        *(
            Row("prod", "app", f"dynamodb:{action}", TABLE + "tee-control", allowed, POINTER, slots=LEGACY)
            for action, allowed in (("GetItem", YES), ("UpdateItem", YES), ("PutItem", NO), ("DeleteItem", NO))
        ),
    ]


POINTER: Final = {"dynamodb:LeadingKeys": "pointer#prod"}


def never() -> list[Row]:
    """No role of production changes a slot's table, its policy or its settings, nor takes its data out."""
    return [
        *(
            Row("prod", role, f"dynamodb:{action}", TABLE + table, NO, slots=named)
            for role in PRODUCTION
            for action in NEVER
            for named, table in ((V2, "prod-v2-tee-admin"), (LEGACY, "tee-admin"))
        ),
        *(
            Row("prod", role, action, on, NO, slots=V2)
            for role in PRODUCTION
            for action, on in (
                ("iam:PutRolePolicy", ROLE + "prod-v2/prod-v2-tee-app"),
                ("iam:UpdateAssumeRolePolicy", ROLE + "prod-v2/prod-v2-tee-migrator"),
                ("ssm:PutParameter", PARAMETER + "prod-v2/tables/tee-admin"),
                ("ssm:GetParameter", PARAMETER + "prod-v2/anonymize-key"),
            )
        ),
    ]


def migrators() -> list[Row]:
    """A slot's fills the slot; production's replicates between production and its slots, and writes nothing without.

    Each raises the warm throughput of its own environment's tables while it writes them, and changes no other table.
    """
    return [
        *(
            Row(environment, role, f"dynamodb:{action}", f"{TABLE}{whose}-tee-admin", NO, slots=named)
            if (role, action, whose) != ("migrator", "UpdateTable", raised)
            else Row(environment, role, f"dynamodb:{action}", f"{TABLE}{whose}-tee-admin", YES, slots=named)
            for environment, named, raised in (
                ("prod", (), None),
                ("prod", V2, "prod"),
                ("prod", LEGACY, "prod"),
                ("prod-v2", (), "prod-v2"),
            )
            for role in ("migrator", "app", "developer", "break-glass")
            for whose in ("prod", "prod-v2", "prod-v3", "prod-v2-x", "staging")
            for action in ("UpdateTable", "UpdateTimeToLive", "UpdateContinuousBackups", "CreateTableReplica")
        ),
        Row("staging", "migrator", "dynamodb:UpdateTable", f"{TABLE}staging-tee-admin", NO),
        Row("prod", "migrator", "dynamodb:UpdateTable", f"{TABLE}prod-tee-admin/index/by-date", NO, slots=V2),
        *migrators_writes(),
    ]


def migrators_writes() -> list[Row]:
    return [
        Row(environment, "migrator", f"dynamodb:{action}", f"{TABLE}{whose}-tee-admin", whose in filled, slots=named)
        for environment, named, filled in (
            ("prod", (), ()),
            ("prod", V2, ("prod", "prod-v2")),
            ("prod", LEGACY, ("prod",)),
            ("prod-v2", (), ("prod-v2",)),
        )
        for whose in ("prod", "prod-v2", "prod-v3", "staging")
        for action in ("PutItem", "DeleteItem", "BatchWriteItem")
    ]


REPLICATION: Final = ("locks", "replications", "replication-orders")
SWITCH: Final = ("pointer#prod", "switch#prod", "tail#prod", "retirement#prod", "audit#prod")
INTO: Final = {slot: f"replication#legacy#{slot}#tee-admin#ab12" for slot in ("prod", "prod-v2", "prod-v3", "staging")}
OTHERS_KEYS: Final = (
    *("registry", "pointer#staging", "pointer#prod-v2", "switch#staging", "audit#dev", "audit#prod-v2", "tail#"),
    *("locks2", "lock", "replication", "replication#", "replications2", "replication#prod#staging#prod"),
)
PUTS: Final = ("GetItem", "PutItem", "Query", "ConditionCheckItem")
READS_KEYS: Final = ("GetItem", "Query")


def cutover() -> list[Row]:
    """The items of migrations and switches: production's migrator puts them while it has slots, a slot's those of its
    own migration; nobody else, and nobody updates or deletes one."""
    return [
        *(
            Row(environment, role, f"dynamodb:{action}", CONTROL, NO, {"dynamodb:LeadingKeys": key}, slots)
            if role != "migrator" or action not in (PUTS if key in puts else READS_KEYS if key in reads else ())
            else Row(environment, role, f"dynamodb:{action}", CONTROL, YES, {"dynamodb:LeadingKeys": key}, slots)
            for environment, slots, puts, reads in (
                ("prod", V2, (*SWITCH, *REPLICATION, INTO["prod"], INTO["prod-v2"]), ()),
                ("prod", (), (), (*SWITCH, *REPLICATION, INTO["prod"])),
                ("prod-v2", (), (*REPLICATION, INTO["prod-v2"]), ("pointer#prod", "switch#prod")),
                ("staging", (), (), ()),
            )
            for role in ("migrator", "developer")
            if (environment, role) != ("staging", "developer")
            for key in (*SWITCH, *REPLICATION, *INTO.values(), *OTHERS_KEYS)
            for action in {*ON_CONTROL, *PUTS}
        ),
        *(
            Row(environment, "migrator", f"dynamodb:{action}", CONTROL, NO, slots=slots)
            for environment, slots in (("prod", V2), ("prod-v2", ()))
            for action in {*ON_CONTROL, *PUTS}
        ),
        *(
            Row("prod", role, action, on, role == "migrator" and slot != "prod-v3", slots=V2)
            for role in ("migrator", "app", "developer")
            for slot in ("prod", "prod-v2", "prod-v3")
            for action in ("dynamodb:GetResourcePolicy", "dynamodb:DescribeKinesisStreamingDestination")
            for on in [f"{TABLE}{slot}-tee-admin"]
        ),
        *(
            Row("prod", role, action, "*", role == "migrator")
            for role in ("migrator", "app", "developer")
            for action in ("dynamodb:ListTables", "lambda:ListEventSourceMappings")
        ),
    ]


def of_a_slot() -> list[Row]:
    """A slot's roles have no right in production or in another slot, and nobody else's has one in a slot."""
    return [
        Row(environment, role, f"dynamodb:{action}", f"{TABLE}{whose}-tee-admin", NO)
        for environment, others in (("prod-v2", ("prod", "prod-v3", "prod-v20")), ("staging", ("prod-v2",)))
        for whose in others
        for role in ("app", "developer", "migrator", "deployer")
        for action in ("GetItem", "Scan", "PutItem", "DescribeTable", "UpdateTable", "DeleteTable", "CreateTable")
    ]
