from tee_infra.core.tables.catalog import TABLES, Index, Key, Table
from tee_infra.core.tables.item_shapes import AdminItem


def test_the_three_tables_are_there_under_both_their_names() -> None:
    assert {table.name: table.app_name for table in TABLES} == {
        "tee-admin": "admin",
        "tee-schedules": "schedules",
        "tee-sync-status": "syncStatus",
    }


def test_a_key_attribute_is_declared_once_however_many_indexes_use_it() -> None:
    table = Table(
        name="t",
        app_name="t",
        item=AdminItem,
        indexes=(
            Index(name="a", partition_key=Key("sk"), sort_key=Key("pk")),
            Index(name="b", partition_key=Key("email"), sort_key=Key("sk")),
        ),
    )
    assert [key.name for key in table.key_attributes] == ["pk", "sk", "email"]
