"""The app writes on through migrate, switch, rollback and switch, its operators killed at random steps, on moto.

With shorter leases than in production, on both sides; `python -m bench.switch` runs with production's.
"""

import json
import subprocess
import time
from pathlib import Path

import pytest

from tee_infra.core.cutover.switching import Bounds
from tee_infra.workflows.cutover import switch
from tests.support.cutover_live import Live, end_of, life, migrate
from tests.support.live_writer import Settings
from tests.support.typescript import slot_tables


@pytest.fixture
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switch, "Bounds", lambda: Bounds(long_lease=1.0, short_lease=0.3))


@pytest.mark.usefixtures("short_leases")
def test_no_acknowledged_write_is_lost_or_resurrected(moto_endpoint: str) -> None:
    live = Live(moto_endpoint, 0, settings=Settings(0.05, long_lease=1.0, short_lease=0.3, renewal=0.3))
    windows = life(live, switches=1)
    assert live.check() > 100
    assert all(0.4 < window < 3 for window in windows)


SHORT_LEASES = {
    'const LEASES = new Map([["ACTIVE", 5], ["PREPARING", 0.5]]);': (
        'const LEASES = new Map([["ACTIVE", 1], ["PREPARING", 0.3]]);'
    ),
    "const CALM_RENEWAL = 1.5;": "const CALM_RENEWAL = 0.3;",
}


@pytest.mark.usefixtures("short_leases")
def test_no_acknowledged_write_of_an_app_in_typescript_is_lost(moto_endpoint: str, tmp_path: Path) -> None:
    live = Live(moto_endpoint, 0, processes=0)
    folder = slot_tables(tmp_path, edits=SHORT_LEASES)
    with subprocess.Popen(
        ["node", "writer.mjs", moto_endpoint], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as app:
        with live.writing():
            migrate(live.context)
            with live.tail() as states:
                end_of(states, lambda state: state.following and state.source == "prod")
                assert live.switch("prod", "prod-v2").slot == "prod-v2"
                time.sleep(0.5)
        found = json.loads(app.communicate(timeout=60)[0])
    assert set(found["slots"]) == {"prod", "prod-v2"}
    assert found["acknowledged"] > 20
    for key, allowed in found["present"].items():
        at = {"pk": {"S": key}, "sk": {"S": "x"}}
        item = live.context.dynamodb.client.get_item(TableName="prod-v2-tee-admin", Key=at, ConsistentRead=True).get(
            "Item"
        )
        assert (int(item["value"]["N"]) if item else None) in allowed, key
