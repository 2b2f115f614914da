"""The comments that recorded runs make. By hand, after a change of what they should look like:

    .venv/bin/python -m tests.support.comments

writes what they look like now to `tests/core/events/*.md`: read the difference.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

from pulumi.automation.events import EngineEvent

from tee_infra.core.changes.engine_run import EngineRun
from tee_infra.core.review.comment import render
from tee_infra.core.review.facts import Quota, Review
from tee_infra.stacks import refusal
from tee_infra.stacks.events import EventCollector
from tests.support.record_events import LOGS

NOW = datetime(2026, 11, 27, 19, 30, tzinfo=UTC)
EXPIRY = datetime(2026, 12, 1, tzinfo=UTC)
COMMIT = "4f1d0c7a9be2" + "0" * 28
RUN_URL = "https://github.com/acme/app/actions/runs/1234567890"


def plan_of(name: str) -> EngineRun:
    """What the recorded run called `name` did, read as the engine's own events are."""
    run = EventCollector(report=lambda _: None)
    for line in (LOGS / f"{name}.jsonl").read_text().splitlines():
        run.on_event(EngineEvent.from_json(json.loads(line)))
    return run.blocked_plan({}, run.protected) if run.protected else run.result()


def reviews() -> dict[str, Review]:
    """A review of every recorded run."""
    feature = {"environment": "feature-new-auth", "expires_at": EXPIRY, "quota": Quota(used=3, limit=10)}
    facts = {
        "feature-preview": feature,
        "feature-up": feature | {"action": "up"},
        "nothing": feature | {"quota": None},
        "mixed-preview": {"environment": "dev"},
        "prod-preview": {"environment": "prod"},
        "policies": {"environment": "dev", "problems": ("3 mandatory policies are violated",)},
        "protected": {"environment": "prod", "problems": (str(refusal("prod", plan_of("protected"))),)},
        "failed-up": {"environment": "staging", "action": "up", "problems": plan_of("failed-up").problems},
        "failed-program": {"environment": "test", "problems": plan_of("failed-program").problems},
    }
    common = {"project": "tee-infra", "action": "preview", "now": NOW, "commit": COMMIT, "run_url": RUN_URL}
    return {name: Review(**(common | own), run=plan_of(name)) for name, own in facts.items()}


def snapshot(name: str) -> Path:
    return LOGS / f"{name}.md"


if __name__ == "__main__":
    for recorded, review in reviews().items():
        snapshot(recorded).write_text(render(review))
