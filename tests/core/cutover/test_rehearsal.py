"""The window of a switch that is rehearsed: what the operator waits for, and the requests in between."""

import pytest

from tee_infra.core.cutover.rehearsal import expected_window
from tee_infra.core.cutover.switching import Bounds, SwitchAbortedError


def test_the_window_is_the_short_lease_the_in_flight_bound_the_drain_and_the_requests() -> None:
    bounds = Bounds()
    still = expected_window(0.0, 0.0, bounds)
    assert still == pytest.approx(bounds.short_lease + bounds.in_flight)
    assert expected_window(0.0, 0.4, bounds) == pytest.approx(still + 0.4)
    assert expected_window(0.01, 0.0, bounds) == pytest.approx(still + 0.07, abs=0.03)


def test_a_drain_that_is_too_long_would_abort_the_switch() -> None:
    with pytest.raises(SwitchAbortedError):
        expected_window(0.01, 60.0, Bounds())
