"""The app writes on through migrate, switch, rollback and switch, its operators killed at random steps, on moto.

With shorter leases than in production, on both sides; `python -m bench.switch` runs with production's.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from tee_infra.core.cutover.switching import Bounds
from tee_infra.workflows.cutover import switch
from tests.support.cutover_live import Live, life
from tests.support.iam_simulator import install_node_tools
from tests.support.live_writer import Settings
from tests.support.typescript import slot_tables


@pytest.fixture
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switch, "Bounds", lambda: Bounds(long_lease=1.0, short_lease=0.3))


@pytest.mark.usefixtures("short_leases")
def test_no_acknowledged_write_is_lost_or_resurrected(moto_endpoint: str, tmp_path: Path) -> None:
    """Of an app in Python and of one in TypeScript beside each other. Without Node.js, of the first one."""
    live = Live(moto_endpoint, 0, settings=Settings(0.1, long_lease=1.0, short_lease=0.3, renewal=0.3))
    has_node = shutil.which("node") is not None and shutil.which("npm") is not None
    found: dict[str, Any] = {}
    with writing_in_typescript(live, tmp_path, found) if has_node else nullcontext():
        windows = life(live, switches=1)
    assert live.check() > 100
    assert all(0.4 < window < 3 for window in windows)
    if not has_node:
        install_node_tools()  # says that the other was not tested
    assert set(found["slots"]) == {"prod", "prod-v2"}
    assert found["acknowledged"] > 20
    for key, allowed in found["present"].items():
        at = {"pk": {"S": key}, "sk": {"S": "x"}}
        item = live.context.dynamodb.client.get_item(TableName="prod-v2-tee-admin", Key=at, ConsistentRead=True).get(
            "Item"
        )
        assert (int(item["value"]["N"]) if item else None) in allowed, key


SHORT_LEASES = {
    'const LEASES = new Map([["ACTIVE", 5], ["PREPARING", 0.5]]);': (
        'const LEASES = new Map([["ACTIVE", 1], ["PREPARING", 0.3]]);'
    ),
    "const CALM_RENEWAL = 1.5;": "const CALM_RENEWAL = 0.3;",
}


@contextmanager
def writing_in_typescript(live: Live, folder: Path, found: dict[str, Any]) -> Iterator[None]:
    """The app in TypeScript writes during the block and half a second longer; `found` then has what it knows."""
    slot_tables(folder, edits=SHORT_LEASES)
    endpoint = live.context.dynamodb.endpoint
    with subprocess.Popen(
        ["node", "writer.mjs", str(endpoint)], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as app:
        try:
            yield
            time.sleep(0.5)
        finally:
            found.update(json.loads(app.communicate(timeout=60)[0]))
