import json

from tee_infra.core.codec.anonymize_report import report_attributes
from tee_infra.core.tables.catalog import TABLES

ITEMS = [
    json.dumps(item).encode()
    for item in (
        {"pk": {"S": "MEMBER#m-1"}, "name": {"S": "Anna"}, "phone": {"NULL": True}, "nickname": {"S": "Annie"}},
        {
            "pk": {"S": "MEMBER#m-2"},
            "name": {"L": [{"S": "Bea"}]},
            "sk": {"S": "BEA"},
            "joinedOn": {"S": "May"},
            "visits": {"N": "3"},
            "vip": {"BOOL": True},
            "nickname": {"N": "1"},
        },
    )
]


def test_each_attribute_is_reported_by_its_shape() -> None:
    found = {entry.attribute: entry for entry in report_attributes(TABLES[0], ITEMS)}
    assert found["pk"].becomes.startswith("pseudonym")
    assert found["pk"].seen == {"S": 2}
    assert found["phone"].seen == {"NULL": 1}
    assert found["email"].seen == {}
    assert found["vip"].becomes.startswith("kept: not in the catalog")
    assert found["vip"].refused == ()


def test_what_would_stop_a_copy_is_said_for_every_attribute_at_once() -> None:
    found = {entry.attribute: entry for entry in report_attributes(TABLES[0], ITEMS) if entry.refused}
    assert {name: entry.refused for name, entry in found.items()} == {
        "name": ("L",),
        "nickname": ("N", "S"),
        "visits": ("N",),
        "sk": ("S in another form",),
        "joinedOn": ("S that is not a date",),
    }
    assert found["nickname"].becomes == "refused: not in the catalog"
    assert found["name"].becomes == "refused: not as the catalog declares it"


def test_no_value_is_in_the_report() -> None:
    text = repr(report_attributes(TABLES[0], ITEMS))
    assert not any(value in text for value in ("Anna", "Annie", "Bea", "m-1"))
