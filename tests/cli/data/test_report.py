from collections.abc import Callable

import pytest
from click.testing import Result

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.data.report import anonymize_report
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.errors import PartialError, UsageError
from tests.support.emulator import create_tables, everything, put

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def tables(dynamodb: DynamoDb) -> None:
    for name, physical in create_tables(dynamodb, "prod").items():
        put(dynamodb, physical, SyntheticData(1).items(name, range(8)))


def test_the_report_shows_shapes_and_says_what_would_stop_a_copy(dynamodb: DynamoDb, run: Run) -> None:
    text = run(anonymize_report, "--from", "prod").stdout
    assert "filler of about the same length" in text
    assert not any(item["email"]["S"] in text for item in everything(dynamodb, "prod-tee-admin").values())
    put(dynamodb, "prod-tee-admin", [b'{"pk":{"S":"MEMBER#1"},"sk":{"S":"PROFILE"},"nickname":{"S":"Annie"}}'])
    with pytest.raises(PartialError, match=r"unclassified attributes: tee-admin\.nickname") as caught:
        run(anonymize_report, "prod", "--tables", "tee-admin", "--json")
    assert "Annie" not in str(caught.value)


def test_a_table_by_its_physical_name_is_one_of_the_catalogs(run: Run) -> None:
    assert "joinedOn" in run(anonymize_report, "--from", "table:prod-tee-admin").stdout
    with pytest.raises(UsageError, match="no table 'prod-tee-other'"):
        run(anonymize_report, "--from", "table:prod-tee-other")


def test_a_misspelt_table_is_not_an_empty_report(run: Run) -> None:
    with pytest.raises(UsageError, match=r"unknown table 'admin'\. Allowed: tee-admin"):
        run(anonymize_report, "--tables", "admin")
