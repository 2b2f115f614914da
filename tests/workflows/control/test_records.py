import pytest

from tee_infra.aws.control_table import REGISTRY, RecordChangedError
from tee_infra.core import names
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.workflows.control.records import (
    UnreadableRecordError,
    UnregisteredError,
    change_record,
    find_record,
    require_record,
)
from tee_infra.workflows.features.context import FeatureContext
from tests.support.homes import client, record_of

NAME = "feature-x"


def test_what_nobody_has_made_names_the_command_that_makes_it(context: FeatureContext) -> None:
    assert find_record(context.control, NAME) is None
    with pytest.raises(UnregisteredError, match=r"no Pulumi\.feature-x\.yaml\. .* feature create --branch feature/x$"):
        require_record(context.control, NAME)


def test_an_unreadable_record_is_never_changed(context: FeatureContext) -> None:
    item = {"pk": {"S": REGISTRY}, "sk": {"S": NAME}, "version": {"N": "1"}, "record": {"M": {"branch": {"S": "x"}}}}
    client(context.connection, "dynamodb").put_item(TableName=names.CONTROL_TABLE, Item=item)
    with pytest.raises(
        UnreadableRecordError, match=r"feature-x: its registry record cannot be read.* tee-infra repair"
    ):
        change_record(context.control, NAME, lambda record: record)


def test_a_change_is_made_to_what_others_wrote_meanwhile(context: FeatureContext) -> None:
    context.control.write(record_of(NAME))
    seen: list[str] = []

    def change(found: FeatureRecord) -> FeatureRecord:
        if not seen:  # somebody is faster, once
            context.control.write(found.with_changes(owner="bob"))
        seen.append(found.owner)
        return found.with_changes(head="c0ffee")

    after = change_record(context.control, NAME, change)
    assert seen == ["ann", "bob"]
    assert (after.owner, after.head, after.version) == ("bob", "c0ffee", 3)
    assert context.control.record(NAME) == after


def test_whoever_is_slower_every_time_is_told(context: FeatureContext) -> None:
    context.control.write(record_of(NAME))

    def change(found: FeatureRecord) -> FeatureRecord:
        context.control.write(found.with_changes(failures=found.failures + 1))
        return found.with_changes(head="c0ffee")

    with pytest.raises(RecordChangedError, match="feature-x was changed by another run"):
        change_record(context.control, NAME, change)


def test_no_change_is_no_write(context: FeatureContext) -> None:
    before = context.control.write(record_of(NAME))
    assert change_record(context.control, NAME, lambda record: record.with_changes(owner="ann")) == before
    assert context.control.record(NAME) == before
