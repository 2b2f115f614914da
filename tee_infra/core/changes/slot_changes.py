"""What the engine may do to the stack of a slot's tables for one command: checked on its plan, before the first change.

A plan with anything else is refused: a state that is not as AWS is would otherwise cost a table.
"""

import re
from collections.abc import Iterator
from typing import Final

from tee_infra.core.changes.engine_run import Change, EngineRun
from tee_infra.errors import RefusedError

TABLE: Final = "aws:dynamodb/table:Table"
_PROTECTING: Final = re.compile(
    r"(?:pointInTimeRecovery|deletionProtectionEnabled|onDemandThroughput|streamEnabled|streamViewType|tags|tagsAll"
    r"|globalSecondaryIndexes\[[^\]]*\]\.onDemandThroughput)(?![a-zA-Z]).*"
)
"""Property paths that take nothing away: neither a key, nor an index, the billing mode, encryption, TTL, the class."""
_RELEASING: Final = re.compile(r"deletionProtectionEnabled")
_REMOVED: Final = frozenset(
    {
        TABLE, "aws:dynamodb/resourcePolicy:ResourcePolicy", "aws:ssm/parameter:Parameter",
        "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/dashboard:Dashboard",
        "aws:sns/topic:Topic", "aws:sns/topicPolicy:TopicPolicy", "aws:sns/topicSubscription:TopicSubscription",
    }
)  # fmt: skip
"""What has no use without the tables. Keys, buckets, trails, log groups and roles are not among them."""
_COMPONENT: Final = "tee:"


class UnexpectedChangeError(RefusedError):
    """The engine plans `changes` to a slot's stack that are not part of `command`."""

    def __init__(self, slot: str, command: str, changes: list[str]) -> None:
        self.slot = slot
        self.changes = changes
        super().__init__(
            f"{slot}: the engine plans what {command} is not for: {'; '.join(changes)}. No resource was changed",
            next="Compare the tables in AWS with the state of the stack, then run the same command again",
        )


def check_adoption(slot: str, command: str, plan: EngineRun) -> None:
    """Existing tables only get protections, and whatever else is planned is new. Raises `UnexpectedChangeError`."""
    _refuse(slot, command, (*_destroyed(plan, frozenset()), *_tables(plan, _PROTECTING)))


def check_release(slot: str, command: str, plan: EngineRun) -> None:
    """Tables only lose their deletion protection. Raises `UnexpectedChangeError`."""
    _refuse(slot, command, (*_destroyed(plan, frozenset()), *_tables(plan, _RELEASING)))


def check_removal(slot: str, command: str, plan: EngineRun) -> None:
    """Tables go with what has no use without them, and nothing else. Raises `UnexpectedChangeError`."""
    _refuse(slot, command, (*_destroyed(plan, _REMOVED), *_tables(plan, _RELEASING)))


def _destroyed(plan: EngineRun, allowed: frozenset[str]) -> Iterator[str]:
    for change in plan.destructive:
        goes = change.operation == "delete" and (change.type in allowed or change.type.startswith(_COMPONENT))
        if not goes:
            yield f"{change.operation} {change.type} {change.name}"


def _tables(plan: EngineRun, allowed: re.Pattern[str]) -> Iterator[str]:
    for change in plan.changes:
        if change.type == TABLE and not change.destroys and (found := _beyond(change, allowed)):
            yield f"{change.operation} {change.name}{found}"


def _beyond(change: Change, allowed: re.Pattern[str]) -> str:
    if change.operation == "create":
        return ", which would be a new table"
    paths = [path for path in change.differences if not allowed.fullmatch(path)]
    return f" ({', '.join(paths)})" if paths else ""


def _refuse(slot: str, command: str, found: tuple[str, ...]) -> None:
    if found:
        raise UnexpectedChangeError(slot, command, list(found))
