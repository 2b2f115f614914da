import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tee_infra.core.cleanup.inventory import Resource
from tee_infra.core.cleanup.leftovers import plan_leftovers
from tee_infra.core.environments import parse_environment
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.tags import StackTags
from tee_infra.core.unreadable import Unreadable

ACCOUNT, REGION, NOW = "123456789012", "eu-west-1", datetime(2026, 12, 1, tzinfo=UTC)
RECORD = FeatureRecord(
    environment="feature-x",
    repository="acme/app",
    branch="feature/x",
    owner="ann",
    created_at=NOW,
    last_activity=NOW,
    ttl_seconds=60,
)
TAGS = StackTags(environment=parse_environment("feature-x"), stack="tee-infra/feature-x", expires_at=NOW)
TABLE = Resource(
    kind="table",
    name="feature-x-tee-admin",
    arn=f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/feature-x-tee-admin",
    tags=TAGS,
)
ROLE = Resource(
    kind="role",
    name="feature-x-tee-app",
    arn=f"arn:aws:iam::{ACCOUNT}:role/tee/feature-x/feature-x-tee-app",
    tags=TAGS,
)
PARAMETER = Resource(
    kind="parameter",
    name="/tee/feature-x/tables/tee-admin",
    arn=f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/tee/feature-x/tables/tee-admin",
    tags=TAGS,
)


def test_what_all_agree_on_is_reclaimed_and_whoever_had_access_goes_first() -> None:
    sweep = plan_leftovers(RECORD, [TABLE, PARAMETER, ROLE], ACCOUNT, REGION)
    assert sweep.deletable == (ROLE, PARAMETER, TABLE)
    assert sweep.kept == {}


@pytest.mark.parametrize(
    ("stranger", "why"),
    [
        (replace(TABLE, arn=TABLE.arn.replace(ACCOUNT, "999999999999")), "no resource with its ARN .*999999999999"),
        (replace(TABLE, arn=TABLE.arn.replace(REGION, "us-east-1")), "no resource with its ARN .*us-east-1"),
        (replace(TABLE, name="feature-x-tee-admin-2", arn=f"{TABLE.arn}-2"), "no resource with its ARN .*-2$"),
        (replace(ROLE, arn=ROLE.arn.replace("/tee/feature-x/", "/")), "no resource with its ARN "),
        (replace(ROLE, name="feature-x-mine", arn=ROLE.arn.replace("tee-app", "mine")), "no resource with its ARN "),
        (replace(PARAMETER, arn=f"{PARAMETER.arn}/deeper"), "no resource with its ARN .*/deeper$"),
        (replace(TABLE, tags=None), "it has no tee:\\* tags"),
        (replace(TABLE, tags=Unreadable(reason="tag tee:stack is missing")), "tag tee:stack is missing"),
        (replace(TABLE, tags=replace(TAGS, environment=parse_environment("feature-y"))), "has the tags of feature-y"),
        (replace(TABLE, tags=replace(TAGS, environment=parse_environment("prod"))), "it has the tags of prod"),
    ],
)
def test_what_disagrees_in_one_point_is_left_and_named(stranger: Resource, why: str) -> None:
    sweep = plan_leftovers(RECORD, [stranger, ROLE], ACCOUNT, REGION)
    assert sweep.deletable == (ROLE,)
    ((name, reason),) = sweep.kept.items()
    assert name == f"{stranger.kind} {stranger.name}"
    assert re.search(why, reason)


@pytest.mark.parametrize("name", ["prod", "dev", "prod-v2"])
def test_nothing_of_an_environment_that_stands_is_reclaimed(name: str) -> None:
    tags = replace(TAGS, environment=parse_environment(name))
    table = replace(TABLE, name=f"{name}-tee-admin", arn=TABLE.arn.replace("feature-x", name), tags=tags)
    sweep = plan_leftovers(RECORD.with_changes(environment=name), [table], ACCOUNT, REGION)
    assert sweep.deletable == ()
    assert sweep.kept == {f"table {name}-tee-admin": f"{name} is a permanent environment"}
