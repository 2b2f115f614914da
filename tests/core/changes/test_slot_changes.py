"""A plan with anything but what a command is for is refused, before the first change."""

from collections.abc import Callable

import pytest

from tee_infra.core.changes.engine_run import Change, EngineRun, Operation
from tee_infra.core.changes.slot_changes import (
    TABLE,
    UnexpectedChangeError,
    check_adoption,
    check_release,
    check_removal,
)

KEY, ALARM, ROLE, BUCKET = (
    "aws:kms/key:Key",
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:iam/role:Role",
    "aws:s3/bucket:Bucket",
)
Check = Callable[[str, str, EngineRun], None]


def plan(operation: Operation, type_: str = TABLE, *paths: str) -> EngineRun:
    change = Change(operation=operation, type=type_, name="x", urn="urn:x", differences=dict.fromkeys(paths, "update"))
    return EngineRun(changes=(change,))


ALLOWED: list[tuple[Check, EngineRun]] = [
    *((check, EngineRun()) for check in (check_adoption, check_release, check_removal)),
    (
        check_adoption,
        plan("update", TABLE, "pointInTimeRecovery.enabled", "deletionProtectionEnabled", "tagsAll.tee:kind"),
    ),
    (check_adoption, plan("update", TABLE, "streamEnabled", "streamViewType", "onDemandThroughput")),
    (check_adoption, plan("update", TABLE, "globalSecondaryIndexes[0].onDemandThroughput.maxReadRequestUnits")),
    (check_adoption, plan("create", ALARM)),
    (check_release, plan("update", TABLE, "deletionProtectionEnabled")),
    (check_release, plan("update", ROLE, "description")),
    (check_removal, plan("delete")),
    (check_removal, plan("delete", ALARM)),
    (check_removal, plan("delete", "tee:index:Monitoring")),
]

REFUSED: list[tuple[Check, EngineRun]] = [
    *((check, plan("create")) for check in (check_adoption, check_release, check_removal)),
    *((check, plan("replace")) for check in (check_adoption, check_release, check_removal)),
    *((check, plan("delete")) for check in (check_adoption, check_release)),
    *((check, plan("delete", ALARM)) for check in (check_adoption, check_release)),
    *((check_removal, plan("delete", kind)) for kind in (KEY, ROLE, BUCKET, "aws:cloudtrail/trail:Trail")),
    (check_removal, plan("replace", ALARM)),
    *(
        (check_adoption, plan("update", TABLE, "deletionProtectionEnabled", path))
        for path in (
            "globalSecondaryIndexes[0]", "globalSecondaryIndexes", "globalSecondaryIndexes[1].hashKey", "attributes[0]",
            "billingMode", "hashKey", "ttl.enabled", "serverSideEncryption", "tableClass", "readCapacity",
            "onDemandThroughputs", "replicas[0]",
        )
    ),
    *((check_release, plan("update", TABLE, path)) for path in ("pointInTimeRecovery.enabled", "streamEnabled")),
]  # fmt: skip


@pytest.mark.parametrize(("check", "run"), ALLOWED)
def test_a_plan_of_what_the_command_is_for_is_carried_out(check: Check, run: EngineRun) -> None:
    check("legacy", "tee-infra legacy adopt", run)


@pytest.mark.parametrize(("check", "run"), REFUSED)
def test_a_plan_with_anything_else_is_refused(check: Check, run: EngineRun) -> None:
    with pytest.raises(UnexpectedChangeError, match="No resource was changed"):
        check("legacy", "tee-infra legacy adopt", run)
