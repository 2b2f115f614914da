from typing import Any

import pytest
from botocore.stub import Stubber

from tee_infra.aws.bucket_store import BucketStore
from tee_infra.aws.pagination import PartialPageError
from tests.support.emulator import session


def store_that_answers(*pages: dict[str, Any]) -> BucketStore:
    client = session().client("s3")
    stubber = Stubber(client)
    for page in pages:
        stubber.add_response("list_objects_v2", page)
    stubber.activate()
    return BucketStore(client, "s3://bucket/prefix")


def test_names_come_from_every_page() -> None:
    first = {"Contents": [{"Key": "prefix/a"}], "IsTruncated": True, "NextContinuationToken": "more"}
    store = store_that_answers(first, {"Contents": [{"Key": "prefix/b"}], "IsTruncated": False})
    assert store.names() == ["a", "b"]


def test_a_page_that_leads_nowhere_is_not_taken_for_the_last() -> None:
    with pytest.raises(PartialPageError, match="is incomplete"):
        store_that_answers({"Contents": [{"Key": "prefix/a"}], "IsTruncated": True}).names()
