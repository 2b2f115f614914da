from datetime import UTC, datetime

import pytest

from tee_infra.core.lifecycle.record import FeatureRecord

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.mark.parametrize(("stored", "read"), [("anonymised", "anonymized"), ("synthetic", "synthetic")])
def test_a_record_of_an_earlier_version_is_read(stored: str, read: str) -> None:
    fields = {"environment": "feature-x", "repository": "acme/app", "branch": "feature/x", "owner": "ada"}
    times = {"created_at": NOW, "last_activity": NOW, "ttl_seconds": 60}
    record = FeatureRecord.model_validate(fields | times | {"seed": stored})
    assert record.seed == read
