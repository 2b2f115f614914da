"""What a switch reads of tables, on moto: nothing is guessed, and a probe writes nothing."""

from pathlib import Path

import pytest
from botocore.stub import Stubber

from tee_infra.aws.connection import AwsError
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.aws.slot_tables import SlotDeniedError, SlotTableReader
from tee_infra.core.cutover.same_tables import differences
from tests.support.emulator import create_tables, everything, reset, session
from tests.support.homes import Moto


@pytest.fixture
def dynamodb(moto_endpoint: str, tmp_path: Path) -> DynamoDb:
    reset(moto_endpoint)
    return DynamoDb(session(), moto_endpoint)


@pytest.fixture
def reader(moto_endpoint: str) -> SlotTableReader:
    return SlotTableReader.connect(Moto(endpoint=moto_endpoint))


def test_two_slots_of_one_program_do_not_differ(dynamodb: DynamoDb, reader: SlotTableReader) -> None:
    tables = [*create_tables(dynamodb, "prod").values(), *create_tables(dynamodb, "prod-v2").values()]
    assert sorted(reader.names()) == sorted(tables)
    old, new = reader.observed("prod-tee-schedules"), reader.observed("prod-v2-tee-schedules")
    assert old is not None
    assert new is not None
    assert differences(old, new) == ()
    assert not new.recovery
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.client.update_continuous_backups(
        TableName="prod-v2-tee-schedules", PointInTimeRecoverySpecification=recovery
    )
    again = reader.observed("prod-v2-tee-schedules")
    assert again is not None
    assert again.recovery


def test_a_table_that_does_not_exist_is_none(reader: SlotTableReader) -> None:
    assert reader.observed("prod-v9-tee-admin") is None
    assert reader.facts("prod-v9-tee-admin") is None
    assert not reader.is_writable("prod-v9-tee-admin", {"pk": "S"})


def test_a_probe_writes_nothing(dynamodb: DynamoDb, reader: SlotTableReader) -> None:
    create_tables(dynamodb, "prod")
    assert reader.is_writable("prod-tee-admin", {"pk": "S", "sk": "S"})
    assert everything(dynamodb, "prod-tee-admin") == {}


@pytest.mark.parametrize(
    ("code", "error"), [("AccessDeniedException", SlotDeniedError), ("InternalServerError", AwsError)]
)
def test_a_table_that_must_not_be_described_is_no_missing_one(code: str, error: type[AwsError]) -> None:
    reader = SlotTableReader(session(), "http://127.0.0.1:1")
    with Stubber(reader._client) as stub:  # pyright: ignore
        stub.add_client_error("describe_table", code)
        with pytest.raises(AwsError) as found:
            reader.facts("prod-v3-tee-admin")
    assert type(found.value) is error
