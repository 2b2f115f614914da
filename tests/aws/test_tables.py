import boto3
import pytest

from tee_infra.aws.connection import AwsError, Connection
from tee_infra.aws.tables import NoTableError, live_schema
from tee_infra.core.tables.catalog import Index, Key
from tee_infra.errors import UsageError

HERE = Connection(region="us-east-1")


@pytest.mark.usefixtures("aws")
def test_a_live_table_is_read_whole() -> None:
    client = boto3.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="legacy",
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "n", "AttributeType": "N"},
        ],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-n",
                "KeySchema": [{"AttributeName": "n", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    client.update_time_to_live(
        TableName="legacy", TimeToLiveSpecification={"Enabled": True, "AttributeName": "gone_at"}
    )
    schema = live_schema("legacy", HERE)
    assert (schema.partition_key, schema.sort_key) == (Key("id"), None)
    assert schema.indexes == (Index(name="by-n", partition_key=Key("n", "N"), projection="KEYS_ONLY"),)
    assert (schema.ttl_attribute, schema.stream_view) == ("gone_at", None)


@pytest.mark.usefixtures("aws")
def test_a_table_that_is_not_there_is_named_with_where_we_looked() -> None:
    with pytest.raises(NoTableError, match="no table 'nope' on AWS in us-east-1"):
        live_schema("nope", HERE)


@pytest.mark.parametrize(
    ("connection", "kind", "said"),
    [
        (Connection(region="us-east-1"), AwsError, "reading table 't': no AWS credentials. .* --local"),
        (Connection(), UsageError, "reading table 't': no AWS region. Set AWS_REGION"),
        (
            Connection(region="us-east-1", endpoint="http://127.0.0.1:9", access_key="k", secret_key="k"),
            AwsError,
            "Could not connect",
        ),
    ],
)
def test_what_is_missing_is_one_line(
    monkeypatch: pytest.MonkeyPatch, connection: Connection, kind: type[Exception], said: str
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(kind, match=said):
        live_schema("t", connection)
