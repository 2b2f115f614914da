"""A fleet in which everything is wrong with some record or lock: each is told with its reason, and all others go on."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tee_infra.core import names
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.lifecycle.stored_record import read_record
from tee_infra.core.unreadable import Unreadable
from tee_infra.workflows.control.records import UnreadableRecordError, find_record
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.json_view import quota_of
from tee_infra.workflows.features.list import list_features, show_feature
from tests.support import corruptions
from tests.support.homes import NOW, client, make_table, record_of, tags_of
from tests.workflows.cleanup.test_run import actions, look, read, run, tables

RECORDS, LOCKS = list(corruptions.records()), list(corruptions.locks())[::6]
BAD = {item["sk"]["S"]: what for what, item in RECORDS}
LOCKED = {item["sk"]["S"]: what for what, item in LOCKS}


@pytest.fixture
def dynamodb(context: FeatureContext) -> Any:
    """All of `corruptions`, two good environments, one of them expired, and a table of each kind."""
    dynamodb = client(context.connection, "dynamodb")
    good = [record_of(name, version=1) for name in LOCKED] + [record_of("feature-a", version=1)]
    good.append(record_of("feature-b", version=1, ttl_seconds=24 * 3600))
    put(dynamodb, [*(item for _, item in (*RECORDS, *LOCKS)), *map(corruptions.item_of, good)])
    for name in ("feature-a", next(iter(BAD)), next(iter(LOCKED))):
        make_table(dynamodb, f"{name}-tee-admin", tags_of(name))
    return dynamodb


def test_none_of_them_stops_a_command_that_reads_several(context: FeatureContext, dynamodb: Any) -> None:
    assert len(BAD) > 200
    before = items(dynamodb, [*BAD, *LOCKED])
    listed = {row.environment: row for row in list_features(context, tombstones=True)}
    assert listed.keys() == {*BAD, *LOCKED, "feature-a", "feature-b"}
    for name, what in (BAD | LOCKED).items():
        assert "cannot be read" in listed[name].problem or "invalid registry record" in listed[name].problem, what
        assert listed[name].facts(context, NOW)["problem"]
        assert (listed[name].record is None) == (name in BAD), what
    assert (listed["feature-a"].problem, listed["feature-b"].problem) == ("", "")
    assert quota_of(context, "feature-new").used == len(listed) + 1

    planned = look(context)
    assert actions(planned) == {
        **dict.fromkeys(BAD, "unreadable-record"),
        **dict.fromkeys(LOCKED, "unreadable-lock"),
        "feature-a": "state-lost",
        "feature-b": "state-lost-live",
    }
    assert [decision.action for decision in planned.plan.decisions].count("review") == len(BAD) + len(LOCKED) + 1
    assert [result.environment for result in run(context, planned)] == ["feature-a"]
    assert read(context, "feature-a").state == "destroyed"
    assert items(dynamodb, [*BAD, *LOCKED]) == before
    left = [f"{name}-tee-admin" for name in (next(iter(BAD)), next(iter(LOCKED)))]
    assert tables(dynamodb) == sorted([*left, names.CONTROL_TABLE])


def test_each_is_refused_by_a_command_that_reads_one(context: FeatureContext, dynamodb: Any) -> None:
    records = context.control.listing().records
    for name in [name for name, record in records.items() if isinstance(record, Unreadable)][::6]:
        with pytest.raises(UnreadableRecordError) as refused:
            show_feature(context, name)
        assert name in str(refused.value)
        with pytest.raises(UnreadableRecordError):
            find_record(context.control, name)
    assert show_feature(context, "feature-b").listed.problem == ""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["2026-12-01"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=100)
@given(st.data())
def test_any_value_in_any_member_is_either_refused_or_read_as_it_is(data: st.DataObject) -> None:
    fields = record_of("feature-x", version=1).model_dump(mode="json")
    fields = {key: value for key, value in fields.items() if value is not None}
    name = data.draw(st.sampled_from(sorted(FeatureRecord.model_fields)) | st.text(max_size=5))
    value = data.draw(json_values)
    found = read_record({"sk": "feature-x", "version": 1, "record": fields | {name: value}})
    if not isinstance(found, Unreadable):
        assert found.model_dump(mode="json")[name] == value
        assert type(found.model_dump(mode="json")[name]) is type(value)


def put(dynamodb: Any, wire: list[Any]) -> None:
    for start in range(0, len(wire), 25):
        requests = [{"PutRequest": {"Item": item}} for item in wire[start : start + 25]]
        assert not dynamodb.batch_write_item(RequestItems={names.CONTROL_TABLE: requests})["UnprocessedItems"]


def items(dynamodb: Any, environments: Iterable[str]) -> list[Any]:
    scanned = dynamodb.scan(TableName=names.CONTROL_TABLE)["Items"]
    return [item for item in scanned if item["sk"]["S"] in set(environments)]
