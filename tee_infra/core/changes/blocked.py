"""The changes that `up` refuses: why, what they would lose, and how the change is made without the loss."""

import re
from typing import Final

from tee_infra.core.changes.engine_run import Change, EngineRun

HOLDS: Final = {
    "aws:dynamodb/table:Table": "items",
    "aws:s3/bucket:Bucket": "files",
    "aws:kms/key:Key": "a key, and with it all data that it encrypts",
    "aws:cloudwatch/logGroup:LogGroup": "logs",
}
"""What is lost with a resource of a type."""

_SLOT: Final = re.compile(r"prod(?:-v(?P<number>[0-9]+))?")


def blocked(run: EngineRun) -> dict[str, str]:
    """The URN of each change of a plan that `up` refuses -> why. Empty for a plan that may be carried out."""
    found = {change.urn: why for change in run.changes if (why := _why(change, run))}
    return {} if any(change.outcome != "planned" for change in run.changes) else found


def way_through(environment: str) -> str:
    """How a change of a protected resource is made without losing what it holds."""
    slot = _SLOT.fullmatch(environment)
    if slot:
        following = f"prod-v{int(slot['number'] or 1) + 1}"
        return f"make the change in a slot beside it ({following}), move the data there, and switch the app over"
    return "add a table under a new name beside it, and move the data there"


def _why(change: Change, run: EngineRun) -> str:
    if not change.destroys:
        return ""
    holds = HOLDS.get(change.type)
    if change.protected:
        return f"protected, and a {_NOUNS[change.operation]} would lose its {holds}" if holds else "protected"
    return "another resource of the state holds it as well" if change.name in run.shared else ""


_NOUNS: Final = {"delete": "deletion", "replace": "replacement"}
