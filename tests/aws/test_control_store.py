"""Items under a condition, as the real SDK sends them to moto."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.httpsession import URLLib3Session

from tee_infra.aws.connection import AwsError
from tee_infra.aws.control_store import ControlItems, NoControlTableError
from tests.support.control_client import ControlClient
from tests.support.emulator import reset
from tests.support.homes import Moto, client, make_control_table

ITEM = {"pk": "registry", "sk": "feature-x", "version": 1, "record": {"owner": "ann", "ages": [1, {"deep": 2}]}}
NEXT = ITEM | {"version": 2}


@pytest.fixture
def account(moto_endpoint: str) -> Moto:
    """Without control table."""
    reset(moto_endpoint)
    return Moto(endpoint=moto_endpoint)


@pytest.fixture
def items(account: Moto) -> ControlItems:
    make_control_table(account)
    return ControlItems.connect(account)


def test_what_was_written_is_read(items: ControlItems) -> None:
    assert items.get("registry", "feature-x")[0] is None
    assert items.put(ITEM, None)
    found, now = items.get("registry", "feature-x")
    assert found == ITEM
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_new_item_never_replaces_one(items: ControlItems) -> None:
    assert items.put(ITEM, None)
    assert not items.put(ITEM | {"record": {"owner": "bob"}}, None)
    assert items.get("registry", "feature-x")[0] == ITEM


def test_of_two_writers_that_read_the_same_one_wins(items: ControlItems) -> None:
    items.put(ITEM, None)
    assert items.put(NEXT, {"version": 1})
    assert not items.put(NEXT | {"record": {"owner": "bob"}}, {"version": 1})
    assert items.get("registry", "feature-x")[0] == NEXT


def test_every_number_of_the_condition_counts(items: ControlItems) -> None:
    lock = {"pk": "locks", "sk": "feature-x", "counter": 1, "beat": 1}
    items.put(lock, None)
    for expected in ({"counter": 1, "beat": 0}, {"counter": 0, "beat": 1}, {"counter": 1, "version": 1}):
        assert not items.put(lock | {"beat": 2}, expected)
    assert items.put(lock | {"beat": 2}, {"counter": 1, "beat": 1})


@pytest.mark.parametrize("expected", [None, {"version": 1}])
def test_a_write_whose_answer_was_lost_is_known_for_ones_own(
    account: Moto, items: ControlItems, expected: dict[str, int] | None
) -> None:
    if expected:
        items.put(ITEM, None)
    dynamodb = client(account, "dynamodb")
    asked: list[str] = []

    def lose_the_first_answer(request: Any, **_: Any) -> AWSResponse | None:
        asked.append(request.url)
        if len(asked) > 1:
            return None
        assert URLLib3Session().send(request).status_code == 200
        return AWSResponse(request.url, 500, HTTPHeaders(), EmptyBody())

    dynamodb.meta.events.register("before-send.dynamodb.PutItem", lose_the_first_answer)
    assert ControlItems(dynamodb, "moto").put(NEXT, expected)
    assert len(asked) == 2
    assert items.get("registry", "feature-x")[0] == NEXT


class EmptyBody:
    """As urllib3 hands it out."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield from ()


def test_a_collection_is_read_to_its_end_in_order_and_alone(items: ControlItems) -> None:
    """DynamoDB gives a megabyte at most for each request."""
    names = [f"feature-{number}" for number in range(5)]
    for name in reversed(names):
        items.put({"pk": "registry", "sk": name, "text": "x" * 300_000}, None)
    items.put({"pk": "locks", "sk": "feature-0"}, None)
    found, _ = items.collection("registry")
    assert [item["sk"] for item in found] == names


def test_without_the_table_it_is_said_how_to_make_it(account: Moto) -> None:
    items = ControlItems.connect(account)
    for ask in (
        lambda: items.collection("registry"),
        lambda: items.get("registry", "feature-x"),
        lambda: items.put(ITEM, None),
    ):
        with pytest.raises(NoControlTableError, match=r"has no control table 'tee-control'.*tee-infra bootstrap$"):
            ask()


def test_an_aws_that_does_not_answer_is_an_error_in_one_line() -> None:
    dynamodb = ControlClient()
    dynamodb.down = True
    with pytest.raises(AwsError, match=r"^get_item on table tee-control: Read timeout"):
        dynamodb.control().get("locks", "feature-x")


def test_an_answer_without_a_time_is_one_too() -> None:
    class Timeless(ControlClient):
        def get_item(self, **request: Any) -> Any:
            return super().get_item(**request) | {"ResponseMetadata": {"HTTPHeaders": {}}}

    with pytest.raises(AwsError, match="the Date '' is not a timestamp"):
        Timeless().control().get("locks", "feature-x")


def page(*items: Any, **members: Any) -> dict[str, Any]:
    return {"Items": list(items), "Count": len(items), **members}


def held(sk: str, pk: str = "registry") -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


@pytest.mark.parametrize(
    "answers",
    [
        [{}],
        [{"Items": []}],
        [{"Items": None, "Count": 0}],
        [{"Items": [held("a")], "Count": 2}],
        [page(held("a"), held("a"))],
        [page(held("b"), held("a"))],
        [page(held("a", pk="locks"))],
        [page({"pk": {"S": "registry"}})],
        [page({"pk": {"S": "registry"}, "sk": {"N": "1"}})],
        [page(held("a"), LastEvaluatedKey={})],
        [page(held("a"), LastEvaluatedKey={"sk": {"S": "a"}})],
        [page(held("a"), LastEvaluatedKey=held("a", pk="locks"))],
        [page(held("a"), LastEvaluatedKey={**held("a"), "more": {"S": "x"}})],
        [page(held("a"), LastEvaluatedKey=held("a"))] * 2,
        [page(held("a"), LastEvaluatedKey=held("b")), page(LastEvaluatedKey=held("b"))],
        [page(held("a"), LastEvaluatedKey=held("b")), page(held("a"))],
    ],
)
def test_a_page_that_is_not_of_this_query_is_not_believed(answers: list[dict[str, Any]]) -> None:
    class Liar(ControlClient):
        def query(self, **request: Any) -> Any:
            return self._answer() | answers.pop(0)

    with pytest.raises(AwsError, match=r"^query on table tee-control: .*so the listing is incomplete"):
        Liar().control().collection("registry")


@pytest.mark.parametrize("answer", [{"Item": held("b")}, {"Item": {}}, {"Item": {"sk": {"S": "a"}}}])
def test_another_item_than_the_one_asked_for_is_not_believed(answer: dict[str, Any]) -> None:
    class Liar(ControlClient):
        def get_item(self, **request: Any) -> Any:
            return self._answer() | answer

    with pytest.raises(AwsError, match=r"^get_item on table tee-control: the reply is not DynamoDB's"):
        Liar().control().get("registry", "a")


def test_an_empty_answer_is_neither_no_item_nor_a_write() -> None:
    class Empty(ControlClient):
        def _answer(self) -> dict[str, Any]:
            return {"ResponseMetadata": super()._answer()["ResponseMetadata"]}

    with pytest.raises(AwsError, match="it has no ConsumedCapacity"):
        Empty().control().get("registry", "a")
    with pytest.raises(AwsError, match="it has no ConsumedCapacity"):
        Empty().control().put(ITEM, None)
