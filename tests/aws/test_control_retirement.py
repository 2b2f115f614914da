"""The note of a final backup: of these tables only, under a condition, and never guessed."""

from dataclasses import replace

import pytest

from tee_infra.aws.control_retirement import RetirementChangedError, Retirements
from tee_infra.core.cutover.retirement import FinalBackup
from tee_infra.core.unreadable import Unreadable
from tests.support.control_client import ControlClient
from tests.support.homes import NOW

TABLES = {"prod-tee-admin": "id-1", "prod-tee-schedules": "id-2"}
BEGUN = FinalBackup(location="s3://backups/final", begun_at=NOW)


@pytest.fixture
def client() -> ControlClient:
    return ControlClient()


@pytest.fixture
def notes(client: ControlClient) -> Retirements:
    return Retirements(client.control(), "prod")


def test_a_note_is_of_the_tables_that_it_names(notes: Retirements) -> None:
    assert notes.read("prod", TABLES) is None
    notes.write("prod", TABLES, BEGUN)
    notes.write("prod", TABLES, verified := replace(BEGUN, verified=True, released=True))
    assert notes.read("prod", TABLES) == verified
    assert notes.read("prod", {"prod-tee-admin": "id-1"}) == verified
    assert notes.read("prod", {}) == verified
    assert notes.read("prod", {"prod-tee-admin": "made again"}) is None
    assert notes.read("prod", TABLES | {"prod-tee-sync-status": "id-3"}) is None
    assert notes.read("prod-v2", TABLES) is None


@pytest.mark.parametrize(
    "member", [{"verified": "yes"}, {"begun_at": "yesterday"}, {"tables": []}, {"more": 1}, {"version": "1"}]
)
def test_a_note_that_cannot_be_read_is_unreadable(client: ControlClient, notes: Retirements, member: dict) -> None:
    fields = {"location": "x", "begun_at": NOW.isoformat(), "verified": True, "released": False, "tables": TABLES}
    item = {"pk": "retirement#prod", "sk": "prod", "version": 1, **fields, **member}
    assert client.control().put(item, None)
    assert isinstance(notes.read("prod", TABLES), Unreadable)


def test_of_two_runs_one_is_refused(client: ControlClient, notes: Retirements, monkeypatch: pytest.MonkeyPatch) -> None:
    notes.write("prod", TABLES, BEGUN)
    control = client.control()
    other, stale = Retirements(control, "prod"), control.get("retirement#prod", "prod")
    notes.write("prod", TABLES, replace(BEGUN, verified=True))
    monkeypatch.setattr(control, "get", lambda *_: stale)
    with pytest.raises(RetirementChangedError):
        other.write("prod", TABLES, replace(BEGUN, location="elsewhere"))
