import json
import threading

import pytest

from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.responses import Response, ResponseClass
from tee_infra.core.tables.description import TableFacts
from tee_infra.workflows.data.request_loop import NoProgressError, RequestRefusedError, Requests, StoppedError
from tee_infra.workflows.data.table_io import get_items, put_items, put_new_item, scan_pages
from tests.support.services import connect, new_table
from tests.support.transfers import contents, fill, side
from tests.workflows.fakes import FakeLane, done, throttled

QUICK = Backoff(base=0.0001, cap=0.001, patience=0.3)
TABLE = TableFacts(name="t", arn="", key_names=("pk",), key_types=("S",))


def requests_to(lane: FakeLane) -> Requests:
    return Requests(lane, TABLE, backoff=QUICK)


def items(count: int, size: int = 1) -> list[bytes]:
    """Each is of `size` characters that take two bytes, and six in JSON."""
    return [json.dumps({"pk": {"S": f"{number}"}, "v": {"S": "é" * size}}).encode() for number in range(count)]


def puts(body: dict) -> list[dict]:
    return [put["PutRequest"]["Item"] for put in body["RequestItems"]["t"]]


def test_requests_are_full_and_the_limits_are_kept() -> None:
    lane = FakeLane(lambda _operation, body: done(UnprocessedItems={}))
    put_items(requests_to(lane), "t", items(60))
    assert [len(puts(body)) for body in lane.sent] == [25, 25, 10]
    lane.sent.clear()
    put_items(requests_to(lane), "t", items(60, 190_000))
    assert sum(len(puts(body)) for body in lane.sent) == 60
    assert len(lane.sent) > 3
    assert all(len(json.dumps(body)) < 16_000_000 for body in lane.sent)


def test_an_item_that_dynamodb_cannot_hold_is_named_and_never_sent() -> None:
    lane = FakeLane(lambda _operation, body: done(UnprocessedItems={}))
    large, *small = [*items(1, 205_000), *items(3)[1:]]
    (refused,) = put_items(requests_to(lane), "t", [*small, large])
    assert refused.named(("pk",)).key == '{"pk":{"S": "0"}}'
    assert "410,00" in refused.reason
    assert [item["pk"]["S"] for body in lane.sent for item in puts(body)] == ["1", "2"]


def test_unprocessed_items_join_the_next_requests() -> None:
    stored: dict[str, dict] = {}

    def answer(_operation: str, body: dict) -> Response:
        accepted = puts(body)[:20]
        stored.update({item["pk"]["S"]: item for item in accepted})
        rest = [{"PutRequest": {"Item": item}} for item in puts(body)[20:]]
        return done(UnprocessedItems={"t": rest} if rest else {}, ConsumedCapacity=[{"CapacityUnits": len(accepted)}])

    lane = FakeLane(answer)
    requests = requests_to(lane)
    put_items(requests, "t", items(500))
    assert len(stored) == 500
    assert requests.tally.retried == sum(len(puts(body)) for body in lane.sent) - 500
    assert len(lane.sent) <= 500 / 20 + 3


def test_a_throttled_or_lost_request_is_sent_again() -> None:
    answers = iter([throttled(), Response(ResponseClass.TRANSIENT, code="Lost")])
    lane = FakeLane(lambda *_: next(answers, done(UnprocessedItems={})), width=1)
    requests = requests_to(lane)
    put_items(requests, "t", items(30))
    assert len(lane.sent) == 4
    assert requests.tally.retried == 50
    assert {item["pk"]["S"] for body in lane.sent[2:] for item in puts(body)} == {str(number) for number in range(30)}


def test_a_refusal_ends_it_and_no_progress_does_at_last() -> None:
    refusing = FakeLane(lambda *_: Response(ResponseClass.FATAL, code="AccessDeniedException", message="no"))
    with pytest.raises(RequestRefusedError, match="BatchWriteItem on t: AccessDeniedException: no"):
        put_items(requests_to(refusing), "t", items(1))
    with pytest.raises(NoProgressError, match="ThrottlingException"):
        put_items(requests_to(FakeLane(lambda *_: throttled())), "t", items(1))


def test_it_stops_when_told() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        put_items(Requests(FakeLane(lambda *_: done()), TABLE, stop=stop), "t", items(1))


def test_pages_follow_the_last_key() -> None:
    def answer(_operation: str, body: dict) -> Response:
        at = int(body.get("ExclusiveStartKey", {"pk": {"S": "0"}})["pk"]["S"])
        more = {"LastEvaluatedKey": {"pk": {"S": str(at + 1)}}} if at < 2 else {}
        return done(Items=[{"pk": {"S": str(at)}}], Count=1, ScannedCount=1, **more)

    lane = FakeLane(answer)
    pages = list(scan_pages(requests_to(lane), "t", 1, 4, {"Limit": 9}))
    assert [bytes(page.items[0]) for page in pages] == [b'{"pk": {"S": "%d"}}' % number for number in range(3)]
    assert {(body["Segment"], body["TotalSegments"], body["Limit"]) for body in lane.sent} == {(1, 4, 9)}
    first = next(scan_pages(requests_to(lane), "t", start=b'{"pk":{"S":"2"}}'))
    assert first.last_key == b""


def test_a_reply_that_is_no_json_is_asked_for_again() -> None:
    answers = iter([Response(ResponseClass.DONE, b'{"Items":[{"pk"'), done(Items=[], Count=0, ScannedCount=0)])
    (page,) = scan_pages(requests_to(FakeLane(lambda *_: next(answers))), "t")
    assert page.items == []


def test_keys_that_were_not_looked_up_are_asked_for_again() -> None:
    def answer(_operation: str, body: dict) -> Response:
        keys = body["RequestItems"]["t"]["Keys"]
        assert len(keys) <= 100
        left = {"t": {"Keys": keys[60:]}} if len(keys) > 60 else {}
        return done(Responses={"t": keys[:60]}, UnprocessedKeys=left)

    found = get_items(requests_to(FakeLane(answer)), "t", [b'{"pk":{"S":"%d"}}' % number for number in range(130)])
    assert len({bytes(item) for item in found}) == 130


def test_a_taken_key_is_not_overwritten(service: str) -> None:
    dynamodb = connect(service)
    place = side(dynamodb, new_table(dynamodb, "S", None))
    fill(dynamodb, place.table.name, [b'{"pk":{"S":"a"},"v":{"N":"1"}}'])
    with place.requests(threading.Event(), QUICK) as requests:
        assert not put_new_item(requests, place.table, b'{"pk":{"S":"a"},"v":{"N":"2"}}')
        assert put_new_item(requests, place.table, b'{"pk":{"S":"b"},"v":{"N":"2"}}')
    assert len(contents(dynamodb, place.table.name)) == 2
    assert b'{"pk":{"S":"a"},"v":{"N":"1"}}' in contents(dynamodb, place.table.name).values()
