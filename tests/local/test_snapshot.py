"""What each service holds is the same after a stop and a start."""

import json
from pathlib import Path
from typing import Any

from tee_infra import local
from tee_infra.local import EmbeddedAws
from tests.local.clients import client, make_table

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def fill(running: EmbeddedAws) -> bytes:
    """Put something into every service that is kept, and return a text that its key encrypted."""
    dynamodb = client(running, "dynamodb")
    make_table(
        running,
        "kept",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        OnDemandThroughput={"MaxReadRequestUnits": 5, "MaxWriteRequestUnits": 5},
        Tags=[{"Key": "a", "Value": "b"}],
    )
    dynamodb.update_time_to_live(
        TableName="kept", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )
    dynamodb.update_continuous_backups(
        TableName="kept", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    dynamodb.put_item(TableName="kept", Item={"pk": {"S": "a"}, "binary": {"B": b"x"}, "number": {"N": "1.5"}})
    local.send_control(running, "split", table="kept", parts=2)
    dynamodb.put_item(TableName="kept", Item={"pk": {"S": "b"}})
    client(running, "iam").create_role(RoleName="kept", AssumeRolePolicyDocument=TRUST)
    client(running, "ssm").put_parameter(Name="/kept", Value="v", Type="SecureString")
    client(running, "sns").create_topic(Name="kept")
    client(running, "logs").create_log_group(logGroupName="kept")
    client(running, "cloudwatch").put_metric_alarm(
        AlarmName="kept",
        Namespace="AWS/DynamoDB",
        MetricName="m",
        EvaluationPeriods=1,
        Period=60,
        Statistic="Sum",
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    s3 = client(running, "s3")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="object", Body=b"body" * 1000)
    kms = client(running, "kms")
    kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    return kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]


def contents(running: EmbeddedAws, encrypted: bytes) -> list[Any]:
    dynamodb, streams = client(running, "dynamodb"), client(running, "dynamodbstreams")
    table = dynamodb.describe_table(TableName="kept")["Table"]
    stream = table["LatestStreamArn"]
    shards = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
    starts = [
        streams.get_shard_iterator(StreamArn=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        for shard in shards
    ]
    keys = client(running, "kms").list_keys()["Keys"]
    return [
        table,
        dynamodb.scan(TableName="kept")["Items"],
        dynamodb.describe_time_to_live(TableName="kept")["TimeToLiveDescription"],
        dynamodb.describe_continuous_backups(TableName="kept")["ContinuousBackupsDescription"][
            "ContinuousBackupsStatus"
        ],
        dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"],
        shards,
        [streams.get_records(ShardIterator=start["ShardIterator"])["Records"] for start in starts],
        client(running, "iam").get_role(RoleName="kept")["Role"],
        client(running, "ssm").get_parameter(Name="/kept", WithDecryption=True)["Parameter"],
        client(running, "sns").list_topics()["Topics"],
        client(running, "logs").describe_log_groups()["logGroups"],
        client(running, "cloudwatch").describe_alarms()["MetricAlarms"],
        client(running, "s3").get_object(Bucket="kept", Key="object")["Body"].read(),
        client(running, "kms").decrypt(CiphertextBlob=encrypted)["Plaintext"],
        sorted(key["KeyId"] for key in keys),
    ]


def test_every_service_is_kept(directory: Path, own_port: int) -> None:
    running = local.start(directory, port=own_port)
    encrypted = fill(running)
    before = contents(running, encrypted)
    local.stop(directory)
    assert contents(local.start(directory), encrypted) == before
    assert (directory / "log").read_text() == ""
