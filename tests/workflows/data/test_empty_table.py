import json

import pytest

from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.responses import Response
from tee_infra.core.tables.description import TableFacts
from tee_infra.workflows.data.empty_table import delete_keys
from tee_infra.workflows.data.request_loop import RequestRefusedError, Requests
from tests.workflows.fakes import FakeLane, done, throttled

QUICK = Backoff(base=0.0001, cap=0.001, patience=0.3)
TABLE = TableFacts(name="t", arn="", key_names=("pk",), key_types=("S",))
KEYS = [json.dumps({"pk": {"S": f"{number}"}}).encode() for number in range(60)]


def deleted(body: dict) -> list[dict]:
    return [entry["DeleteRequest"]["Key"] for entry in body["RequestItems"]["t"]]


def test_every_key_is_deleted_once_it_is_acknowledged() -> None:
    """Every second request is throttled, or processes one key only."""
    gone: list[str] = []

    def answer(_operation: str, body: dict) -> Response:
        if len(lane.sent) % 3 == 1:
            return throttled()
        keys = deleted(body)
        taken = keys[:1] if len(lane.sent) % 3 == 2 else keys
        gone.extend(key["pk"]["S"] for key in taken)
        left = [{"DeleteRequest": {"Key": key}} for key in keys[len(taken) :]]
        return done(UnprocessedItems={"t": left} if left else {})

    lane = FakeLane(answer)
    delete_keys(Requests(lane, TABLE, backoff=QUICK), KEYS)
    assert sorted(gone, key=int) == [str(number) for number in range(60)]
    assert all(len(deleted(body)) <= 25 for body in lane.sent)


@pytest.mark.parametrize(
    "left", [{"DeleteRequest": {"Key": {"pk": {"S": "other"}}}}, {"PutRequest": {"Item": {"pk": {"S": "1"}}}}]
)
def test_a_reply_with_what_was_not_sent_is_refused(left: dict) -> None:
    lane = FakeLane(lambda _operation, _body: done(UnprocessedItems={"t": [left]}))
    with pytest.raises(RequestRefusedError, match="not sent"):
        delete_keys(Requests(lane, TABLE, backoff=QUICK), KEYS[:2])
