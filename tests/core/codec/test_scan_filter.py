import pytest

from tee_infra.core.codec.scan_filter import ScanFilter, ScanFilterError, parse_scan_filter


@pytest.mark.parametrize(
    ("text", "expression", "value"),
    [
        ("status = booked", "#w0 = :w0", {"S": "booked"}),
        ('status="a = b"', "#w0 = :w0", {"S": "a = b"}),
        ("attempts >= 3.50", "#w0 >= :w0", {"N": "3.50"}),
        ("active <> true", "#w0 <> :w0", {"BOOL": True}),
        ("pk begins_with MEMBER#", "begins_with(#w0, :w0)", {"S": "MEMBER#"}),
        ('code = "007"', "#w0 = :w0", {"S": "007"}),
    ],
)
def test_one_condition(text: str, expression: str, value: dict) -> None:
    members = parse_scan_filter([text]).members
    assert members["FilterExpression"] == expression
    assert members["ExpressionAttributeValues"] == {":w0": value}


def test_several_conditions_must_all_hold() -> None:
    found = parse_scan_filter(["a = 1", "b < 2"])
    assert found.members["FilterExpression"] == "#w0 = :w0 AND #w1 < :w1"
    assert found.members["ExpressionAttributeNames"] == {"#w0": "a", "#w1": "b"}
    assert found.text == "a = 1 and b < 2"
    assert parse_scan_filter([]) == ScanFilter()


@pytest.mark.parametrize("text", ["", "a", "a =", "= 1", "a LIKE b"])
def test_no_condition(text: str) -> None:
    with pytest.raises(ScanFilterError):
        parse_scan_filter([text])
