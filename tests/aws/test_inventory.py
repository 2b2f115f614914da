"""Listings are whole or they are errors: never shorter."""

from collections.abc import Callable, Iterator

import boto3
import pytest
from botocore.config import Config

from tee_infra.aws.connection import AwsError, Connection
from tee_infra.aws.inventory import AwsInventory
from tests.support.emulator import session
from tests.support.listing_aws import Fault, ListingAws, cut, refusing, replacing, serve

ACCOUNT = "123456789012"
TAGS = {"tee:managed-by": "pulumi", "tee:environment": "feature-x"}
List = Callable[[AwsInventory], object]
LISTINGS: dict[str, List] = {
    "GetResources": AwsInventory.tagged,
    "ListTables": AwsInventory.tables,
    "ListRoles": AwsInventory.roles,
}


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[ListingAws, AwsInventory]]:
    """Three pages of tags and tables, two of roles, and clients that retry once."""
    tables = [f"feature-x{number}-tee-admin" for number in range(250)]
    aws = ListingAws(
        tagged={f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{name}": TAGS for name in tables},
        tables=tables,
        roles=[f"arn:aws:iam::{ACCOUNT}:role/tee/feature-x{n}/feature-x{n}-tee-app" for n in range(1500)],
    )
    with serve(aws):
        retries = Config(retries={"total_max_attempts": 2})
        services = ("resourcegroupstaggingapi", "dynamodb", "iam")
        clients = (session().client(name, endpoint_url=aws.endpoint, config=retries) for name in services)
        yield aws, AwsInventory(*clients)


@pytest.fixture
def listing(served: tuple[ListingAws, AwsInventory]) -> ListingAws:
    aws, _ = served
    aws.asked.clear()
    aws.faults.clear()
    return aws


@pytest.fixture
def inventory(served: tuple[ListingAws, AwsInventory]) -> AwsInventory:
    return served[1]


def test_every_page_is_read_and_no_more(listing: ListingAws, inventory: AwsInventory) -> None:
    assert (inventory.tagged(), inventory.tables(), inventory.roles()) == (
        listing.tagged,
        listing.tables,
        listing.roles,
    )
    assert listing.asked == ["GetResources"] * 3 + ["ListTables"] * 3 + ["ListRoles"] * 2


@pytest.mark.parametrize("operation", LISTINGS)
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (refusing(403, "AccessDenied"), "AccessDenied"),
        (refusing(400, "ThrottlingException"), "ThrottlingException"),
        (cut, "is incomplete|invalid XML"),
        (replacing(b"a", b"\xff"), "decode|invalid"),
    ],
    ids=["denied", "throttled", "cut", "garbled"],
)
def test_a_second_page_that_fails_for_good_fails_the_listing(
    listing: ListingAws, inventory: AwsInventory, operation: str, fault: Fault, said: str
) -> None:
    listing.faults = dict.fromkeys([(operation, 1), (operation, 2)], fault)
    with pytest.raises(AwsError, match=said):
        LISTINGS[operation](inventory)


def test_throttling_is_waited_for(listing: ListingAws, inventory: AwsInventory) -> None:
    listing.faults = {("ListTables", 1): refusing(400, "ThrottlingException")}
    assert inventory.tables() == listing.tables


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        ("ListTables", replacing(b'TableName": "feature-x99-tee-admin"', b'TableName": ""')),
        ("ListRoles", replacing(b"<Marker>1000</Marker>", b"<Marker></Marker>")),
        ("ListRoles", replacing(b"<Marker>1000</Marker>", b"")),
        ("GetResources", replacing(b'"ResourceTagMappingList"', b'"Other"')),
        ("GetResources", lambda _: (200, b"")),
        ("ListTables", lambda _: (200, b"{}")),
        ("ListRoles", replacing(b"Roles>", b"Others>")),
    ],
)  # fmt: skip
def test_a_page_that_leads_nowhere_is_not_taken_for_the_last(
    listing: ListingAws, inventory: AwsInventory, operation: str, fault: Fault
) -> None:
    listing.faults = {(operation, 0): fault}
    with pytest.raises(AwsError, match="is incomplete"):
        LISTINGS[operation](inventory)


def test_a_token_that_comes_again_ends_the_listing(listing: ListingAws, inventory: AwsInventory) -> None:
    listing.faults = {("GetResources", 1): replacing(b'"200"', b'"100"')}
    with pytest.raises(AwsError, match="is that of an earlier one, so the listing is incomplete"):
        inventory.tagged()


def test_tokens_that_go_in_a_circle_end_the_listing(
    listing: ListingAws, inventory: AwsInventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = listing.tables[99].encode()
    monkeypatch.setattr(listing, "tables", [*listing.tables, *(f"more-{number}" for number in range(300))])
    listing.faults = {("ListTables", nth): naming(first if nth % 2 else b"more-1") for nth in range(50)}
    with pytest.raises(AwsError, match="is that of an earlier one, so the listing is incomplete"):
        inventory.tables()


def naming(token: bytes) -> Fault:
    return lambda answer: (answer[0], answer[1][:-1] + b', "LastEvaluatedTableName": "%b"}' % token)


def test_a_null_token_is_not_the_end(listing: ListingAws, inventory: AwsInventory) -> None:
    listing.faults = {
        ("ListTables", 0): lambda answer: (200, answer[1].rsplit(b"LastEvaluatedTableName", 1)[0] + NULL_TOKEN)
    }
    with pytest.raises(AwsError, match="the LastEvaluatedTableName of an answer is null"):
        inventory.tables()


NULL_TOKEN = b'LastEvaluatedTableName": null}'


@pytest.mark.usefixtures("aws")
def test_moto_lists_what_the_program_makes() -> None:
    tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    here = {"region_name": "us-east-1"}
    boto3.client("dynamodb", **here).create_table(
        TableName="feature-x-tee-admin", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}], BillingMode="PAY_PER_REQUEST", Tags=tags,
    )  # fmt: skip
    boto3.client("ssm", **here).put_parameter(
        Name="/tee/feature-x/tables/tee-admin", Value="v", Type="String", Tags=tags
    )
    roles = boto3.client("iam", **here)
    for path, name in (("/tee/feature-x/", "feature-x-tee-app"), ("/", "somebody")):
        roles.create_role(Path=path, RoleName=name, AssumeRolePolicyDocument="{}", Tags=tags)
    inventory = AwsInventory.connect(Connection(region="us-east-1"))
    assert inventory.tagged() == {
        f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/feature-x-tee-admin": TAGS,
        f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/tee/feature-x/tables/tee-admin": TAGS,
    }
    assert inventory.tables() == ["feature-x-tee-admin"]
    assert inventory.roles() == [f"arn:aws:iam::{ACCOUNT}:role/tee/feature-x/feature-x-tee-app"]
    assert inventory.role_tags("feature-x-tee-app") == TAGS
    assert inventory.role_tags("feature-x-tee-gone") is None
