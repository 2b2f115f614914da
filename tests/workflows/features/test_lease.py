from datetime import timedelta

import pytest

from tee_infra.core.lifecycle.lease import MAX_LIFE
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.lifecycle.transitions import GoneError, LifeOverError
from tee_infra.workflows.control.records import UnregisteredError
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.json_view import feature_facts
from tee_infra.workflows.features.lease import extend_lease, hold_environment, release_environment
from tests.support.homes import NOW, record_of

NAME = "feature-x"
DAY = timedelta(days=1)


@pytest.fixture
def record(context: FeatureContext) -> FeatureRecord:
    return context.control.write(record_of(NAME))


def told(context: FeatureContext) -> list[str]:
    return [f"{entry.action} {entry.result} {entry.detail}".strip() for entry in context.control.history(NAME)]


@pytest.mark.usefixtures("record")
def test_an_extension_is_written_and_noted(context: FeatureContext) -> None:
    done = extend_lease(context, NAME, DAY, NOW)
    assert done.record.expires_at == NOW + DAY
    assert context.control.record(NAME) == done.record
    assert told(context) == ["extend begun", "extend done until 2026-12-02T00:00:00Z"]


def test_the_cap_is_said_when_it_bites(context: FeatureContext, record: FeatureRecord) -> None:
    late = record.created_at + MAX_LIFE - timedelta(hours=1)
    done = extend_lease(context, NAME, DAY, late)
    assert done.record.expires_at == record.created_at + MAX_LIFE
    assert (
        done.capped
        == "feature-x: the lease is shorter than 1 d: at most 30 d after its creation (2026-11-30T22:00:00Z)"
    )
    with pytest.raises(LifeOverError):
        extend_lease(context, NAME, DAY, late)
    assert told(context)[-1].startswith("extend refused feature-x was created at")


def test_a_hold_says_who_why_and_until_when(context: FeatureContext, record: FeatureRecord) -> None:
    held = hold_environment(context, NAME, "demo on friday", 7 * DAY, NOW)
    facts = feature_facts(context, held, NOW)
    assert facts["hold"] == {"reason": "demo on friday", "until": "2026-12-08T00:00:00Z", "by": "ann"}
    assert held.expires_at == record.expires_at
    assert told(context)[-1] == "hold done until 2026-12-08T00:00:00Z: demo on friday"
    assert feature_facts(context, held, NOW + 8 * DAY)["hold"] is None
    assert release_environment(context, NAME).hold is None
    assert told(context)[-1] == "release done"


def test_what_is_not_there_is_neither_extended_nor_held(context: FeatureContext) -> None:
    with pytest.raises(UnregisteredError):
        extend_lease(context, NAME, DAY, NOW)
    context.control.write(record_of(NAME, state="destroyed", destroyed_at=NOW))
    with pytest.raises(
        GoneError, match=r"was destroyed at 2026-12-01T00:00:00Z[.] Create it again: .* --branch feature/x"
    ):
        hold_environment(context, NAME, "why not", DAY, NOW)
