import json

import pytest

from tee_infra.aws.dynamodb import DynamoDb, NoTableError
from tee_infra.core.codec.pseudonyms import derive_key
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.data.copy_policy import copy_side
from tee_infra.core.environments import parse_environment
from tee_infra.core.tables.catalog import TABLES
from tee_infra.errors import UsageError
from tee_infra.workflows.data.anonymize_key import NoKeyError
from tee_infra.workflows.data.anonymize_report import UnclassifiedAttributesError
from tee_infra.workflows.features.seed import MEMBERS, NoSourceError, Source, open_source, seed_feature, seed_number
from tests.support.emulator import create_tables, everything, put
from tests.support.homes import Moto, record_of

SECRET = "an example key that is long enough"
KEY = derive_key(SECRET)


def seed(dynamodb: DynamoDb, name: str = "feature-x", source: Source | None = None, **fields: str) -> int:
    return seed_feature(dynamodb, record_of(name, **fields), source, lambda _: None)


def held(dynamodb: DynamoDb, environment: str) -> dict[str, dict]:
    return {table.name: everything(dynamodb, f"{environment}-{table.name}") for table in TABLES}


def test_each_branch_has_people_of_its_own_and_the_same_ones_every_time(dynamodb: DynamoDb) -> None:
    create_tables(dynamodb, "feature-x")
    items = seed(dynamodb)
    once = held(dynamodb, "feature-x")
    assert len(once["tee-admin"]) == MEMBERS
    assert items == sum(len(table) for table in once.values())
    seed(dynamodb)
    assert held(dynamodb, "feature-x") == once
    numbers = {seed_number("acme/app", "feature/x"), seed_number("acme/app", "x"), seed_number("acme/b", "feature/x")}
    assert len(numbers) == 3


def test_none_writes_nothing(dynamodb: DynamoDb) -> None:
    create_tables(dynamodb, "feature-x")
    assert seed(dynamodb, seed="none") == 0
    assert not any(held(dynamodb, "feature-x").values())


def test_another_environments_people_come_under_pseudonyms_and_only_some_of_them(dynamodb: DynamoDb) -> None:
    for name, physical in create_tables(dynamodb, "staging").items():
        put(dynamodb, physical, SyntheticData(7).items(name, range(40)))
    create_tables(dynamodb, "feature-x")
    source = Source(end=copy_side("staging"), dynamodb=dynamodb, key=KEY)
    items = seed(dynamodb, source=source, seed="anonymized")
    taken = held(dynamodb, "feature-x")
    assert items == sum(len(table) for table in taken.values())
    assert 0 < len(taken["tee-admin"]) < 8
    staging = json.dumps(held(dynamodb, "staging"), ensure_ascii=False)
    assert not any(item["email"]["S"] in staging for item in taken["tee-admin"].values())


def test_nobodys_data_is_guessed(dynamodb: DynamoDb) -> None:
    with pytest.raises(NoSourceError, match=r"with --seed anonymized --from staging"):
        seed(dynamodb, seed="anonymized")


def open_it(dynamodb: DynamoDb, source: str, **environ: str) -> Source:
    connection = Moto(endpoint=dynamodb.endpoint)
    return open_source(
        parse_environment(source), "feature-x", connection, {"TEE_ANONYMIZE_KEY": SECRET} | environ, print
    )


def test_a_source_is_checked_before_there_is_a_target(dynamodb: DynamoDb) -> None:
    for name, physical in create_tables(dynamodb, "staging").items():
        put(dynamodb, physical, SyntheticData(7).items(name, range(5)))
    assert open_it(dynamodb, "staging").end.name == "staging"
    with pytest.raises(NoKeyError, match="/tee/staging/anonymize-key"):
        open_it(dynamodb, "staging", TEE_ANONYMIZE_KEY="")
    with pytest.raises(NoTableError, match="no table 'dev-tee-admin'"):
        open_it(dynamodb, "dev")
    with pytest.raises(UsageError, match="--from feature-x: is the target itself"):
        open_it(dynamodb, "feature-x")
    odd = {"pk": {"S": "MEMBER#x"}, "sk": {"S": "x"}, "nickname": {"S": "Annie"}}
    put(dynamodb, "staging-tee-admin", [json.dumps(odd).encode()])
    with pytest.raises(UnclassifiedAttributesError, match=r"tee-admin\.nickname"):
        open_it(dynamodb, "staging")
