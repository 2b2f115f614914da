import threading
from typing import Any

import pytest

from tee_infra.local.request_lock import Gate


def request(gate: Gate, method: str = "POST", target: str = "") -> list[bytes]:
    return list(gate({"REQUEST_METHOD": method, "HTTP_X_AMZ_TARGET": target}, lambda *_: None))


def answering(_environ: Any, _start: Any) -> list[bytes]:
    return [b"answer"]


@pytest.mark.parametrize(
    ("method", "target", "changed"),
    [
        ("POST", "DynamoDB_20120810.PutItem", True),
        ("POST", "DynamoDB_20120810.Query", False),
        ("POST", "DynamoDB_20120810.DescribeTable", False),
        ("POST", "AmazonSSM.GetParameter", False),
        ("POST", "AmazonSSM.PutParameter", True),
        ("POST", "", True),
        ("PUT", "", True),
        ("GET", "", False),
        ("HEAD", "", False),
    ],
)
def test_only_what_may_change_something_asks_for_a_snapshot(method: str, target: str, changed: bool) -> None:
    gate = Gate(answering)
    assert request(gate, method, target) == [b"answer"]
    assert gate.changed is changed


def test_no_request_while_closed() -> None:
    gate = Gate(answering)
    answers: list[list[bytes]] = []
    waiting = threading.Thread(target=lambda: answers.append(request(gate)))
    with gate.closed:
        waiting.start()
        waiting.join(timeout=0.05)
        assert answers == []
    waiting.join()
    assert answers == [[b"answer"]]
