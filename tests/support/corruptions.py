"""Everything that can be wrong with a record or a lock in the control table, as DynamoDB would send it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from boto3.dynamodb.types import TypeSerializer

from tee_infra.aws.control_locks import LOCKS
from tee_infra.aws.control_table import REGISTRY
from tee_infra.core.lifecycle.record import FeatureRecord
from tests.support.homes import record_of

Wire = dict[str, Any]

NULL: Final[Wire] = {"NULL": True}
TRUE: Final[Wire] = {"BOOL": True}
_TIMES: Final = ("created_at", "last_activity", "deployed_until", "not_after", "branch_seen_at", "branch_gone_at")
_NO_TEXT: Final[tuple[Wire, ...]] = ({"N": "1"}, TRUE, NULL, {"M": {}}, {"L": []}, {"SS": ["a"]}, {"B": b"a"})
_NO_NUMBER: Final[tuple[Wire, ...]] = (TRUE, NULL, {"S": "3600"}, {"N": "1.5"}, {"N": "-1"}, {"S": "NaN"}, {"L": []})
_NO_TIME: Final[tuple[Wire, ...]] = (
    *({"N": number} for number in ("1764547200", "-1", "1E+100")),
    *({"S": text} for text in ("", "soon", "1764547200", "2026-12-01", "2026-12-01T00:00:00", "2026-13-01T00:00:00Z")),
    *({"S": text} for text in ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2026-12-01T00:00:00Z\n")),
    TRUE,
    NULL,
)


def item_of(record: FeatureRecord) -> Wire:
    """The item of a record that is as it should be."""
    fields = record.model_dump(mode="json", exclude_none=True)
    item = {"pk": REGISTRY, "sk": record.environment, "version": record.version, "record": fields}
    return {key: TypeSerializer().serialize(value) for key, value in item.items()}


def records() -> Iterator[tuple[str, Wire]]:
    """Items of the registry, each with a name of its own and one thing wrong; their leases are over."""
    for number, (what, changes, item) in enumerate(_record_changes()):
        name = f"feature-bad{number}"
        good = item_of(record_of(name, version=1))
        fields = {"M": _without_missing(good["record"]["M"] | changes)}
        yield what, _without_missing(good | {"record": fields} | item)


def locks() -> Iterator[tuple[str, Wire]]:
    """Items of locks on environments `feature-lock…`, each with one thing wrong."""
    time = {"S": "2026-11-30T00:00:00+00:00"}
    good: Wire = {"counter": {"N": "1"}, "beat": {"N": "0"}, "token": {"S": "t"}, "acquired_at": time}
    good |= {"holder": {"S": "bob on desk"}, "purpose": {"S": "tee-infra up"}, "renewed_at": time}
    changes: list[Wire] = [{key: None} for key in good if key != "token"]
    changes += [{key: value} for key in ("counter", "beat") for value in _NO_NUMBER]
    changes += [{key: value} for key in ("holder", "purpose", "token") for value in (*_NO_TEXT, {"S": ""})]
    changes += [{key: value} for key in ("acquired_at", "renewed_at") for value in _NO_TIME]
    changes.append({"token": None, "counter": {"S": "1"}})  # released, but its counter is lost
    for number, change in enumerate(changes):
        item = {"pk": {"S": LOCKS}, "sk": {"S": f"feature-lock{number}"}}
        yield str(change), _without_missing(item | good | change)


def _without_missing(members: Wire) -> Wire:
    return {key: value for key, value in members.items() if value is not None}


def _record_changes() -> Iterator[tuple[str, Wire, Wire]]:
    """What is wrong, and the members of the record and of the item that make it so; None: the member is missing."""
    for fields in _field_changes():
        yield f"record {dict(fields)}", dict(fields), {}
    for item in _item_changes():
        yield f"item {item}", {}, item


def _field_changes() -> Iterator[Mapping[str, Any]]:
    always = ("environment", "repository", "branch", "owner", "state", "created_at", "last_activity", "ttl_seconds")
    for name in (*always, "seed", "seeded", "failures", "problem", "version"):
        yield {name: None}
    for name in ("environment", "repository", "branch", "owner", "problem", "state", "seed", "head"):
        yield from ({name: value} for value in _NO_TEXT)
    for name in ("ttl_seconds", "failures", "version"):
        yield from ({name: value} for value in _NO_NUMBER)
    for name in _TIMES:
        yield from ({name: value} for value in _NO_TIME)
    yield from ({"seeded": value} for value in ({"S": "yes"}, {"N": "1"}, {"N": "0"}, {"S": "false"}, NULL))
    yield from ({"ttl_seconds": {"N": number}} for number in ("0", "2592001", "1E+20", "9E+120"))
    yield from ({name: {"S": text}} for name in ("state", "seed") for text in ("", "odd", "Active"))
    yield from ({"branch": {"S": text}} for text in ("", "feature/other", "--yes", "main", "feature/a b"))
    yield from ({"owner": {"S": text}} for text in ("", "who/ever", "a" * 300, "a\nb"))
    until = {"S": "2026-12-09T00:00:00Z"}
    good = {"reason": {"S": "demo"}, "until": until, "by": {"S": "ann"}}
    holds = (
        {},
        good | {"until": TRUE},
        good | {"reason": {"S": ""}},
        good | {"more": until},
        good | {"by": {"N": "1"}},
    )
    yield from ({"hold": {"M": hold}} for hold in holds)
    yield from ({"hold": hold} for hold in ({"S": "until tomorrow"}, TRUE, NULL, {"L": []}))
    yield {"schema": {"N": "2"}}
    yield {"tables": {"L": [{"S": "x"}]}}
    yield {"environment": {"S": "feature-other"}}
    yield {"created_at": {"S": "2026-12-01T00:00:00Z"}}
    yield {"last_activity": {"S": "2020-01-01T00:00:00Z"}}
    yield {"state": {"S": "destroyed"}}
    yield {"destroyed_at": {"S": "2026-12-01T00:00:00Z"}}
    yield {"version": {"N": "2"}}


def _item_changes() -> Iterator[Wire]:
    yield from ({"record": value} for value in (None, *_NO_TEXT, {"S": "{}"}))
    yield from ({"version": value} for value in (None, *_NO_NUMBER, {"N": "2"}))
