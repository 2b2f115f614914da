"""The app writes on through migrate, switch, rollback and switch, its operators killed at random steps, on moto.

With shorter leases than in production, on both sides; `python -m bench.switch` runs with production's.
"""

import pytest

from tee_infra.client import watch
from tee_infra.client.lease import Leases
from tee_infra.core.cutover.switching import Bounds
from tee_infra.workflows.cutover import switch
from tests.support.cutover_live import Live, life


@pytest.fixture
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LEASES", Leases(long=1.0, short=0.3))
    monkeypatch.setattr(watch, "CALM_RENEWAL", 0.3)
    monkeypatch.setattr(switch, "Bounds", lambda: Bounds(long_lease=1.0, short_lease=0.3))


@pytest.mark.usefixtures("short_leases")
@pytest.mark.parametrize("seed", range(2))
def test_no_acknowledged_write_is_lost_or_resurrected(moto_endpoint: str, seed: int) -> None:
    live = Live(moto_endpoint, seed)
    windows = life(live)
    assert live.check() > 100
    assert all(0.4 < window < 3 for window in windows)
