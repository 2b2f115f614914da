"""Production by name, ARN, restore source and tags, against an oracle that knows how each spelling was made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.data.table_identity import (
    TableIdentity,
    names_production,
    parse_arn,
    production_name,
    production_reason,
    same_table,
)

TABLES = ("tee-admin", "tee-schedules", "tee-sync-status")
SAFE = ("dev", "staging", "test", "feature-x", "feature-prod-fix", "feature-tee-admin", "development", "stg")
UNSAFE = ("prod", "prod-v1", "prod-v17", "production", "prd")
SPELLINGS = (str, str.upper, str.title, lambda text: text.replace("-", "_"), lambda text: text.replace("-", "."))
SUFFIXES = ("", "-restored", "-old", ".2026-11-26", "_copy")


def arn(name: str) -> str:
    return f"arn:aws:dynamodb:eu-west-1:999999999999:table/{name}"


@st.composite
def tables(draw: st.DrawFn) -> tuple[TableIdentity, bool]:
    """A table, and whether it must be refused: any single sign of production is enough."""
    owner = draw(st.sampled_from([*SAFE, *UNSAFE, "", "scratch", "tag"]))
    logical, spell = draw(st.sampled_from(TABLES)), draw(st.sampled_from(SPELLINGS))
    name = spell(f"{owner}-{logical}" if owner else logical) + draw(st.sampled_from(SUFFIXES))
    tagged = draw(st.sampled_from(["", *SAFE, *UNSAFE, "no-environment"]))
    tags: dict[str, str] = {}
    if tagged:
        key = draw(st.sampled_from(["tee:environment", "TEE:Environment"]))
        tags[key] = draw(st.sampled_from([tagged, tagged.upper(), f" {tagged} "]))
    origin = draw(st.sampled_from(["", *(f"{one}-{logical}" for one in ("dev", "prod")), "scratch"]))
    found = TableIdentity(
        name=name if draw(st.booleans()) else "anything",
        arn=arn(name),
        restored_from=arn(origin) if origin else "",
        tags=tags,
    )
    refused = owner in UNSAFE or not owner or tagged in (*UNSAFE, "no-environment") or origin.startswith("prod")
    return found, refused or (owner in {"scratch", "tag"} and not tagged)


@given(tables())
def test_every_sign_of_production_counts_in_any_spelling(case: tuple[TableIdentity, bool]) -> None:
    found, refused = case
    assert (production_reason(found) is not None) == refused


@pytest.mark.parametrize(
    "name",
    [
        "prod-tee-admin", "PROD-TEE-ADMIN", "prod_tee_admin", "Prod.Tee.Admin", "prod-tee-admin-restored",
        "prod-v2-tee-sync-status-2026", "tee-admin", "tee-admin-old", "tee_schedules", "TEE-ADMIN",
        "production-tee-admin", "prd-tee-admin", "company-prod-tee-admin", "dev-tee-admin-prod", "dev-prod-tee-admin",
        "feature-prod-tee-admin", "prod-orders", "ProdOrders", "orders_production", "myprodcopy", "prd-x",
        "tee-control",
    ],
)  # fmt: skip
def test_these_names_are_production_whatever_the_tags_say(name: str) -> None:
    assert production_name(name)
    assert production_reason(TableIdentity(name=name, tags={"tee:environment": "dev"}))


@pytest.mark.parametrize(
    "name", ["scratch-tee-admin", "TeeAdmin", "xtee-admin", "old-tee-schedules", "committee-admin"]
)
def test_a_name_that_leaves_it_open_counts_until_the_tags_name_an_environment(name: str) -> None:
    assert "no environment before it" in str(names_production(name))
    assert production_reason(TableIdentity(name=name, tags={"tee:restoring": "new 0"}))
    assert production_reason(TableIdentity(name=name, tags={"tee:environment": "dev"})) is None


@pytest.mark.parametrize(
    "name",
    [
        "scratch",
        "old-admin",
        "products",
        "reproduction",
        "nonprod-orders",
        "non-prod",
        "dev-tee-admin",
        "x",
        "ann.test",
    ],
)
def test_tables_of_others_and_scratch_tables_are_free(name: str) -> None:
    assert names_production(name) is None


@pytest.mark.parametrize(
    "tags",
    [
        {"tee:environment": "prod"}, {"tee:environment": "dev", "tee:kind": "prod"},
        {"tee:environment": "dev", "tee:stack": "tee-infra/prod-v2"}, {"tee:owner": "platform"},
        {"tee:environment": "prod-hotfix"}, {"tee:environment": ""}, {"Environment": "Production (EU)"}, {"env": "prd"},
        {"STAGE": "PROD"}, {"Name": "prod-orders"}, {"production": "true"}, {"aws:cloudformation:stack-name": "prod-x"},
    ],
)  # fmt: skip
def test_tags_that_say_production_or_cannot_be_read_count_whatever_the_name(tags: dict[str, str]) -> None:
    for name in ("scratch", "dev-tee-admin"):
        assert production_reason(TableIdentity(name=name, tags=tags))


@pytest.mark.parametrize(
    "tags",
    [
        {"tee:environment": "feature-prod-fix", "tee:kind": "feature", "tee:stack": "tee-infra/feature-prod-fix"},
        {"tee:environment": "dev", "tee:branch": "prod/fix", "tee:owner": "production"},
        {"env": "non-prod"}, {"production": "false"}, {"Team": "products"}, {},
    ],
)  # fmt: skip
def test_tags_of_other_environments_do_not(tags: dict[str, str]) -> None:
    assert production_reason(TableIdentity(name="dev-tee-admin", tags=tags)) is None


@pytest.mark.parametrize("text", ["tee-admin", "arn:aws:s3:::x", f"{arn('x')}/index/y", f"{arn('x')}/stream/y", "arn:"])
def test_only_the_arn_of_a_table_is_one(text: str) -> None:
    assert parse_arn(text) is None
    assert parse_arn(arn("a.B-9_c"))


def identity(name: str = "a", id_: str = "1", endpoint: str = "here") -> TableIdentity:
    return TableIdentity(name=name, arn=arn(name) if id_ else "", id=id_, endpoint=endpoint)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (identity(), True),
        (identity(endpoint="another name of the same endpoint"), True),
        (identity(id_="2"), True),  # created again between the two readings
        (identity(id_=""), True),
        (identity(id_="2", endpoint="there"), False),
        (identity("b", "2"), False),
        (identity("b", ""), False),
    ],
)
def test_tables_are_the_same_by_id_or_by_name_on_one_endpoint(other: TableIdentity, same: bool) -> None:
    assert same_table(identity(), other) is same
    assert same_table(other, identity()) is same
