from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tee_infra.core import names
from tee_infra.core.tables.catalog import TABLES, Index, Key, Table
from tee_infra.core.tables.catalog_rules import (
    LONGEST_NAME,
    CatalogError,
    catalog_problems,
    check_catalog,
    check_versions,
)
from tee_infra.core.tables.item_shapes import AdminItem

X = Index(name="by-x", partition_key=Key("x"))


def table(**changes: Any) -> Table:
    return Table(**{"name": "tee-new", "app_name": "new", "item": AdminItem} | changes)


def including(*attributes: str, name: str = "by-x") -> Index:
    return replace(X, name=name, projection=attributes)


def test_the_catalog_follows_the_rules() -> None:
    check_catalog(TABLES)
    check_catalog([table(indexes=(including(*(f"a{number}" for number in range(20))),))])
    check_catalog([table(name="t" * 200), table(name="u", app_name="u", ttl_attribute="n", sort_key=Key("n", "N"))])


def test_the_longest_name_fits_behind_that_of_every_environment() -> None:
    assert len(names.table("feature-" + "x" * names.SLUG_LENGTH, "t" * LONGEST_NAME)) <= 255


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda: table(indexes=(X, X)), "tee-new: two indexes have the name 'by-x'"),
        (
            lambda: table(indexes=(replace(X, partition_key=Key("pk", "N")),)),
            "tee-new: the attribute 'pk' has two types in",
        ),
        (
            lambda: table(indexes=(X, replace(X, name="i-2", partition_key=Key("y"), sort_key=Key("x", "B")))),
            "'x' has two types in keys: S and B",
        ),
        (lambda: table(indexes=(replace(X, name="xy"),)), "tee-new: index 'xy': a name is 3 to 255"),
        (lambda: table(indexes=(replace(X, name="by x"),)), "index 'by x': a name is 3 to 255"),
        (lambda: table(indexes=(replace(X, name="x" * 256),)), "a name is 3 to 255"),
        (
            lambda: table(indexes=tuple(replace(X, name=f"i-{n}") for n in range(21))),
            "21 indexes, and DynamoDB allows 20",
        ),
        (lambda: table(indexes=(including(),)), "it includes 0 attributes"),
        (
            lambda: table(indexes=(including(*map(str, range(21))),)),
            "it includes 21 attributes, and DynamoDB takes 1 to 20",
        ),
        (lambda: table(indexes=(including("a", "a"),)), "it includes 'a' twice"),
        (lambda: table(indexes=(including("é" * 128),)), "has 1 to 255 bytes"),
        (
            lambda: table(indexes=tuple(including(*map(str, range(17)), name=f"i-{n}") for n in range(6))),
            "its indexes include 102 attributes together, and DynamoDB allows 100",
        ),
        (lambda: table(indexes=(replace(X, projection="all"),)), "the projection 'all' is not ALL"),
        (lambda: table(sort_key=Key("pk")), "tee-new: the table has 'pk' as both parts of its key"),
        (lambda: table(indexes=(replace(X, sort_key=Key("x")),)), "index 'by-x' has 'x' as both parts"),
        (lambda: table(partition_key=Key("")), "the key '': an attribute's name in a key has 1 to 255 bytes"),
        (lambda: table(partition_key=Key("k" * 256)), "in a key has 1 to 255 bytes"),
        (lambda: table(partition_key=Key("pk", "L")), "the key 'pk' has the type 'L'"),  # pyright: ignore
        (lambda: table(ttl_attribute=""), "the TTL attribute ''"),
        (lambda: table(ttl_attribute="sk"), "the TTL attribute 'sk' is a key of another type than N"),
        (lambda: table(name="tee_new"), "a name is lower-case letters, digits and single dashes"),
        (lambda: table(name="Tee"), "a name is lower-case"),
        (lambda: table(name=""), "a name is lower-case"),
        (lambda: table(name="t" * 250), "the name has 250 characters, and 200 leave room"),
        (lambda: table(app_name="sync-status"), "app_name 'sync-status' is not letters and digits"),
        (lambda: table(app_name="1st"), "app_name '1st'"),
        (lambda: table(name="tee-admin"), "2 tables have the name 'tee-admin'"),
        (lambda: table(app_name="admin"), "2 tables have the app_name 'admin'"),
    ],
)
def test_each_rule_names_the_table_and_what_is_wrong(broken: Callable[[], Table], said: str) -> None:
    tables = [*TABLES, broken()]
    (problem,) = catalog_problems(tables)
    assert said in problem
    with pytest.raises(CatalogError, match="Nothing was contacted") as refused:
        check_catalog(tables)
    assert refused.value.problems == [problem]


def test_every_version_has_the_same_tables() -> None:
    newer = tuple(replace(one, ttl_attribute="expires") for one in TABLES)
    check_versions({1: TABLES, 2: newer})

    for other in (TABLES[1:], (*TABLES, table()), TABLES[::-1], (replace(TABLES[0], app_name="staff"), *TABLES[1:])):
        with pytest.raises(CatalogError, match="version 1 has other tables than version 2"):
            check_versions({1: other, 2: newer})
    with pytest.raises(CatalogError, match="two indexes"):
        check_versions({1: (replace(TABLES[0], indexes=(X, X)), *TABLES[1:]), 2: TABLES})
