import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.codec.raw_items import (
    UnexpectedReplyError,
    attributes,
    get_body,
    join_attributes,
    key_of,
    parse_found,
    parse_page,
    parse_unprocessed,
    parse_unwritten,
    put_body,
    put_new_body,
    scan_body,
    write_body,
)

texts = st.text(max_size=6)
items = st.dictionaries(texts, texts.map(lambda text: {"S": text}), max_size=4)


@given(st.lists(items, max_size=4), st.booleans(), st.text(min_size=1))
def test_what_a_page_holds_is_put_as_it_stands(held: list[dict], ascii_only: bool, table: str) -> None:
    """Spaces, escapes and order of the service's own spelling are kept byte for byte."""
    spelled = [json.dumps(item, ensure_ascii=ascii_only).encode() for item in held]
    page = parse_page(b'{"Items": [' + b", ".join(spelled) + b'], "Count": %d}' % len(spelled))
    assert [bytes(item) for item in page.items] == spelled
    if page.items:
        body = put_body(table, page.items)
        assert json.loads(body)["RequestItems"] == {table: [{"PutRequest": {"Item": item}} for item in held]}
        assert all(item in body for item in spelled)


def test_a_page_says_where_to_go_on_and_what_it_took() -> None:
    page = parse_page(
        b'{"Items":[],"Count":0,"LastEvaluatedKey":{"n":{"N":"1.50"}},"ConsumedCapacity":{"CapacityUnits":2.5}}'
    )
    assert page.last_key == b'{"n":{"N":"1.50"}}'
    assert page.units == 2.5
    body = json.loads(scan_body("t", segment=1, segments=3, start=page.last_key, extra={"Limit": 5}))
    assert body == {
        "TableName": "t",
        "ReturnConsumedCapacity": "TOTAL",
        "Limit": 5,
        "Segment": 1,
        "TotalSegments": 3,
        "ExclusiveStartKey": {"n": {"N": "1.50"}},
    }
    assert parse_page(b'{"Items":[],"Count":0,"ConsumedCapacity":null}').last_key == b""


def test_unprocessed_items_come_back_raw() -> None:
    puts = b'{"t":[{"PutRequest":{"Item":{"pk":{"S":"a"}}}}]}'
    unwritten = parse_unwritten(b'{"UnprocessedItems":%b,"ConsumedCapacity":[{"CapacityUnits":3}]}' % puts, "t")
    assert [bytes(item) for item in unwritten.items] == [b'{"pk":{"S":"a"}}']
    assert unwritten.units == 3
    assert parse_unwritten(b'{"UnprocessedItems":{}}', "t") == ([], 0)


def test_gets_by_key() -> None:
    keys = [b'{"pk":{"S":"a"}}', b'{"pk":{"S":"b"}}']
    assert json.loads(get_body("t", keys))["RequestItems"]["t"] == {
        "ConsistentRead": True,
        "Keys": [{"pk": {"S": "a"}}, {"pk": {"S": "b"}}],
    }
    reply = b'{"Responses":{"t":[{"pk":{"S":"a"}}]},"UnprocessedKeys":{"t":{"Keys":[{"pk":{"S":"b"}}]}}}'
    found = parse_found(reply, "t")
    assert [bytes(item) for item in found.items] == keys[:1]
    assert [bytes(key) for key in found.unprocessed_keys] == keys[1:]


def test_a_new_item_is_put_only_where_there_is_none() -> None:
    body = json.loads(put_new_body("t", b'{"pk":{"N":"1.0"}}', "pk"))
    assert body["Item"] == {"pk": {"N": "1.0"}}
    assert body["ConditionExpression"] == "attribute_not_exists(#k)"


@given(items)
def test_attributes_are_taken_apart_and_joined_again(item: dict) -> None:
    assert json.loads(join_attributes(attributes(json.dumps(item).encode()))) == item


def test_the_key_of_an_item() -> None:
    assert key_of(b'{"x":{"S":"y"},"sk":{"N":"1"},"pk":{"S":"a"}}', ["pk", "sk"]) == b'{"pk":{"S":"a"},"sk":{"N":"1"}}'
    with pytest.raises(KeyError):
        key_of(b'{"x":{"S":"y"}}', ["pk"])


@pytest.mark.parametrize("body", [b"", b'{"Items":[{"pk":{', b"[]"])
def test_what_is_no_reply_is_an_error(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        parse_page(body)


def test_puts_and_deletes_are_one_request_and_come_back_by_their_kind() -> None:
    item, key = b'{"pk":{"S":"1"},"n":{"N":"1.50"}}', b'{"pk":{"S":"2"}}'
    body = write_body("t", [item], [key])
    assert item in body
    writes = json.loads(body)["RequestItems"]["t"]
    assert writes == [{"PutRequest": {"Item": json.loads(item)}}, {"DeleteRequest": {"Key": json.loads(key)}}]
    reply = json.dumps({"UnprocessedItems": {"t": writes}}).encode()
    items, keys, _ = parse_unprocessed(reply, "t")
    assert [json.loads(bytes(text)) for text in (*items, *keys)] == [json.loads(item), json.loads(key)]
    for wrong in ({"t": [{"Other": {}}]}, {"u": writes}):
        with pytest.raises(UnexpectedReplyError):
            parse_unprocessed(json.dumps({"UnprocessedItems": wrong}).encode(), "t")
