"""The bare tables of an account are protected where they are, and deleted once prod has replaced them."""

from typing import Any

import pytest

from tee_infra.aws.control_store import ControlItems
from tee_infra.core.environments import parse_environment
from tee_infra.core.tables.catalog import TABLES
from tee_infra.workflows.cutover.adopt import plan_adoption
from tee_infra.workflows.cutover.legacy_stack import legacy_stack
from tee_infra.workflows.session.checkout import Project
from tee_infra.workflows.session.session import EnvironmentSession, open_session
from tests.support.checkout import Checkout
from tests.support.emulator import table_request
from tests.support.retirement import consumed, replaced
from tests.support.stand_in import Told

pytestmark = pytest.mark.engine

ITEM = {"pk": {"S": "MEMBER#1"}, "sk": {"S": "PROFILE"}}
BARE = [table.name for table in TABLES]


def bare_tables(checkout: Checkout) -> Any:
    """As they were made by hand years ago: no stream, no protection, an index and tags of their own."""
    client = checkout.client("dynamodb")
    for table in TABLES:
        request = table_request(table)
        del request["StreamSpecification"]
        if table.name == "tee-admin":
            own = {"IndexName": "by-email", "KeySchema": [{"AttributeName": "email", "KeyType": "HASH"}]}
            request["AttributeDefinitions"].append({"AttributeName": "email", "AttributeType": "S"})
            request["GlobalSecondaryIndexes"] = [{**own, "Projection": {"ProjectionType": "ALL"}}]
        client.create_table(TableName=table.name, Tags=[{"Key": "cost-center", "Value": "42"}], **request)
    client.put_item(TableName="tee-admin", Item=ITEM)
    return client


def session_of(checkout: Checkout) -> EnvironmentSession:
    project = Project(directory=checkout.directory)
    return open_session(project, parse_environment("prod"), Told(), local=True, start=True)


def test_bare_tables_are_adopted_where_they_are_and_deleted_once_they_are_replaced(checkout: Checkout) -> None:
    client = bare_tables(checkout)
    before = client.describe_table(TableName="tee-admin")["Table"]
    session = session_of(checkout)
    with legacy_stack(session) as stack:  # a run that was killed in the middle
        opened = stack.open(plan_adoption(session))
        opened.stack.create()
        opened.stack.adopt(opened.target.account_id, opened.settings.region)
    assert client.describe_table(TableName="tee-admin")["Table"] == before

    done = checkout.tee("legacy", "adopt", "--yes", "--json")

    assert done.code == 0, done.err
    assert done.json["opens"] is True
    assert checkout.tee("slots", "prod", "--json").json["active"] == "legacy"
    assert done.json["tables"][0]["differences"] == ["index by-email: only live"]
    for name in BARE:
        now = client.describe_table(TableName=name)["Table"]
        assert now["DeletionProtectionEnabled"] is True
        assert now["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        assert now["OnDemandThroughput"] == {"MaxReadRequestUnits": 12000, "MaxWriteRequestUnits": 4000}
        recovery = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        assert recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
        tags = {tag["Key"]: tag["Value"] for tag in client.list_tags_of_resource(ResourceArn=now["TableArn"])["Tags"]}
        assert (tags["cost-center"], tags["tee:stack"]) == ("42", "tee-infra/legacy")
    after = client.describe_table(TableName="tee-admin")["Table"]
    assert (after["TableId"], after["KeySchema"]) == (before["TableId"], before["KeySchema"])
    assert [index["IndexName"] for index in after["GlobalSecondaryIndexes"]] == ["by-email"]
    alarms = checkout.client("cloudwatch").describe_alarms(AlarmNamePrefix="tee-")["MetricAlarms"]
    assert "tee-admin-throttles" in {alarm["AlarmName"] for alarm in alarms}

    again = checkout.tee("legacy", "adopt", "--yes", "--json")
    assert (again.code, again.json["counts"]) == (0, {}), again.err
    assert [table["protections"] for table in again.json["tables"]] == [[], [], []]

    place = str(checkout.directory / "final")
    replaced(ControlItems.connect(session.connection), "legacy", "prod")
    consumed(checkout.client("cloudwatch"), "legacy")

    cleaned = checkout.tee("legacy", "cleanup", "--output", place, typed=f"{' '.join(BARE)}\n")

    assert cleaned.code == 0, cleaned.err
    assert not set(BARE) & set(checkout.tables())
    buckets = {bucket["Name"] for bucket in checkout.client("s3").list_buckets()["Buckets"]}
    assert any(name.startswith("legacy-tee-audit") for name in buckets)
