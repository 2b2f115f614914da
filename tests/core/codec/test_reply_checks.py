"""A reply that DynamoDB does not send to a request is never believed, least of all as an empty one."""

import json
from typing import Any

import msgspec
import pytest

from tee_infra.core.codec.digest import NotAnItemError, canonical_and_key
from tee_infra.core.codec.raw_items import UnexpectedReplyError, parse_found, parse_page, parse_put, parse_unwritten
from tee_infra.core.codec.reply_checks import ScanCheck, check_found, check_unwritten

KEYS = {"pk": "S", "sk": "N"}
REFUSED = (UnexpectedReplyError, NotAnItemError, msgspec.MsgspecError)


def item(number: int) -> dict[str, Any]:
    return {"pk": {"S": f"p{number}"}, "sk": {"N": str(number)}, "v": {"SS": ["b", "a"]}}


def key(number: int) -> dict[str, Any]:
    return {name: item(number)[name] for name in KEYS}


PAGE: dict[str, Any] = {
    "Items": [item(1), item(2), item(3)],
    "Count": 3,
    "ScannedCount": 3,
    "LastEvaluatedKey": key(3),
    "ConsumedCapacity": {"TableName": "t", "CapacityUnits": 1.5},
}


def raw(document: Any) -> bytes:
    return json.dumps(document).encode()


def scan(page: Any, **check: bool) -> Any:
    return ScanCheck(KEYS, **check).check(parse_page(raw(page)), raw(key(0)))


def test_a_page_of_dynamodb_is_believed() -> None:
    assert len(scan(PAGE).items) == 3
    assert scan({"Items": [], "Count": 0, "ScannedCount": 0}).last_key == b""
    assert scan(PAGE | {"ScannedCount": 9}, filtered=True)
    assert scan({"Items": [{"pk": {"S": "a"}}], "Count": 1, "ScannedCount": 1}, projected=True)


@pytest.mark.parametrize(
    "page",
    [
        {},
        [],
        None,
        "page",
        {name: PAGE[name] for name in PAGE if name != "Items"},
        {name: PAGE[name] for name in PAGE if name != "Count"},
        *({**PAGE, "Count": count} for count in (2, 4, -3, "3", 3.5, None, True)),
        *({**PAGE, "ScannedCount": count} for count in (2, 4, -1, "3")),
        *({**PAGE, "Items": items, "Count": 3} for items in (None, {}, [1, 2, 3], [None] * 3, [[], [], []], ["x"] * 3)),
        *(
            {**PAGE, "Items": [item(1), odd, item(3)]}
            for odd in (
                None,
                7,
                {},
                [],
                "x",
                {"pk": {"S": "a"}},
                {"pk": {"N": "1"}, "sk": {"N": "2"}},
                {"pk": "a", "sk": 1},
            )
        ),
        *(
            {**PAGE, "LastEvaluatedKey": last}
            for last in (
                None,
                {},
                [],
                "p3",
                3,
                {"pk": {"S": "p3"}},
                {**key(3), "more": {"S": "x"}},
                {"a": {"S": "p3"}, "b": {"N": "3"}},
                {"pk": {"N": "3"}, "sk": {"N": "3"}},
                {"pk": {"S": "p3"}, "sk": {"N": 3}},
                {"pk": {"S": "p3"}, "sk": {}},
                {"pk": "p3", "sk": "3"},
                key(0),
            )
        ),
        *({**PAGE, "ConsumedCapacity": {"CapacityUnits": units}} for units in (-1, 1e300, "1")),
    ],
)
def test_any_other_page_is_not(page: Any) -> None:
    with pytest.raises(REFUSED):
        scan(page)


@pytest.mark.parametrize("lead", [0, 1, 5])
@pytest.mark.parametrize("length", [1, 2, 3, 7])
def test_a_scan_that_goes_in_a_circle_ends(lead: int, length: int) -> None:
    check = ScanCheck(KEYS)

    def walk() -> None:
        start = b""
        for number in range(4 * (lead + length) + 4):
            at = number if number < lead else lead + (number - lead) % length
            start = check.check(parse_page(raw({**PAGE, "LastEvaluatedKey": key(at)})), start).last_key

    with pytest.raises(UnexpectedReplyError, match="an earlier page"):
        walk()


def unwritten(reply: Any, sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = check_unwritten([raw(each) for each in sent], parse_unwritten(raw(reply), "t"))
    return [json.loads(bytes(each)) for each in found]


def puts(*items: Any) -> list[Any]:
    return [{"PutRequest": {"Item": each}} for each in items]


def test_unprocessed_items_are_sent_again_as_they_were() -> None:
    sent = [item(1), item(2)]
    assert unwritten({"UnprocessedItems": {}}, sent) == []
    respelled = {**item(2), "sk": {"N": "2.0"}, "v": {"SS": ["a", "b"]}}
    assert unwritten({"UnprocessedItems": {"t": puts(respelled)}}, sent) == [item(2)]


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"UnprocessedItems": None},
        {"UnprocessedItems": {"other": puts(item(1))}},
        {"UnprocessedItems": {"t": puts(item(9))}},
        {"UnprocessedItems": {"t": puts(item(1), item(1))}},
        {"UnprocessedItems": {"t": puts(item(1), item(2), item(3))}},
        {"UnprocessedItems": {"t": puts(None)}},
        {"UnprocessedItems": {"t": puts({**item(1), "v": {"S": "another value"}})}},
        {"UnprocessedItems": {"t": [{"DeleteRequest": {"Key": key(1)}}]}},
        {"UnprocessedItems": {}, "ConsumedCapacity": [{"CapacityUnits": -5}]},
    ],
)
def test_any_other_reply_to_a_write_is_not_believed(reply: Any) -> None:
    with pytest.raises(REFUSED):
        unwritten(reply, [item(1), item(2)])


def found(reply: Any) -> list[bytes]:
    return [bytes(each) for each in check_found([raw(key(1)), raw(key(2))], parse_found(raw(reply), "t"), KEYS)]


def test_found_items_and_unprocessed_keys_are_those_asked_for() -> None:
    assert found({"Responses": {"t": [item(2), item(1)]}, "UnprocessedKeys": {}}) == []
    assert found({"Responses": {"t": []}, "UnprocessedKeys": {}}) == []
    assert found({"Responses": {}, "UnprocessedKeys": {"t": {"Keys": [key(1), key(2)]}}}) == [raw(key(1)), raw(key(2))]


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"Responses": {}, "UnprocessedKeys": {}},
        {"Responses": {"t": []}},
        {"UnprocessedKeys": {}},
        {"Responses": {"other": []}, "UnprocessedKeys": {}},
        {"Responses": {"t": [item(9)]}, "UnprocessedKeys": {}},
        {"Responses": {"t": [item(1), item(1)]}, "UnprocessedKeys": {}},
        {"Responses": {"t": [item(1)]}, "UnprocessedKeys": {"t": {"Keys": [key(1)]}}},
        {"Responses": {"t": [{"v": {"S": "no key"}}]}, "UnprocessedKeys": {}},
        {"Responses": {"t": [None]}, "UnprocessedKeys": {}},
        {"Responses": {"t": []}, "UnprocessedKeys": {"t": {"Keys": [key(9)]}}},
        {"Responses": {"t": []}, "UnprocessedKeys": {"t": {"Keys": [item(1)]}}},
        {"Responses": {"t": []}, "UnprocessedKeys": {"other": {"Keys": [key(1)]}}},
    ],
)
def test_any_other_reply_to_a_read_by_key_is_not_believed(reply: Any) -> None:
    with pytest.raises(REFUSED):
        found(reply)


def test_a_put_is_acknowledged_by_what_it_consumed() -> None:
    assert parse_put(b'{"ConsumedCapacity":{"TableName":"t","CapacityUnits":1.0}}') == 1.0
    with pytest.raises(msgspec.DecodeError):
        parse_put(b"{}")


@pytest.mark.parametrize(
    "odd", [b"null", b"[]", b"7", b'{"pk":{"S":"a"}}', b'{"pk":{"N":"a"},"sk":{"N":"x"}}',
            b'{"pk":{"NS":1},"sk":{"N":"0x"}}',
            b'{"pk":{"S":"\xff"},"sk":{"N":"1"}}', b'{"pk":{"SS":[1,"a"]},"sk":{"N":"1"}}']
)  # fmt: skip
def test_a_text_that_is_no_item_has_no_digest(odd: bytes) -> None:
    with pytest.raises(NotAnItemError):
        canonical_and_key(odd, ("pk", "sk"))
