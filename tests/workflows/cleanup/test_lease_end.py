"""The end of a lease is one, whichever command prints it."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from bench import fleets
from tee_infra.cli.features.report import lease_line
from tee_infra.core.cleanup.decision import Policy
from tee_infra.core.cleanup.plan import plan_cleanup, warnings
from tee_infra.core.lifecycle.branch_activity import with_branch_news
from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.times import render_time
from tee_infra.workflows.cleanup.run import execute, plan
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.list import list_features, show_feature
from tests.support.homes import NOW, client, make_table, record_of, tags_of

HOUR = timedelta(hours=1)
POLICY = Policy(max_destroys=10, limit_confirmed=True, grace=timedelta())
BRANCHES = Branches(source="the test", heads={"main": None, "feature/kept": None, "feature/back": None})
LONG = {"ttl_seconds": 60 * 3600}
SEEN = {"branch_seen_at": NOW - HOUR}
RECORDS = [
    record_of("feature-kept", **LONG),
    record_of("feature-never", **LONG),
    record_of("feature-deleted", **LONG, **SEEN),
    record_of("feature-known", **LONG, **SEEN, branch_gone_at=NOW - HOUR),
    record_of("feature-over", **LONG, branch_seen_at=NOW - 2 * HOUR, branch_gone_at=NOW - 25 * HOUR),
    record_of("feature-back", **LONG, **SEEN, branch_gone_at=NOW - 25 * HOUR),
    record_of("feature-old", **LONG, branch_gone_at=NOW - 25 * HOUR),
    record_of("feature-cut", **LONG, not_after=NOW + HOUR),
    record_of("feature-other", **LONG, **SEEN, repository="acme/other"),
    record_of("feature-tagged"),
    record_of("feature-expired"),
]


@pytest.mark.parametrize("writes", [False, True])
def test_list_show_and_cleanup_print_the_same_end(context: FeatureContext, writes: bool) -> None:
    for record in RECORDS:
        context.control.write(record)
    tags = tags_of("feature-tagged") | {"tee:expires-at": render_time(NOW + HOUR)}
    make_table(client(context.connection, "dynamodb"), "feature-tagged-tee-admin", tags)
    policy = replace(POLICY, writes=writes, max_destroys=1, grace=HOUR)
    planned = plan(context, BRANCHES, NOW, policy)
    if writes:
        execute(context, planned, NOW, policy, HOUR)
    cleanup = {decision.environment: decision.expires_at for decision in planned.plan.decisions}
    listed = {row.environment: row.facts(context, NOW)["expires_at"] for row in list_features(context, tombstones=True)}
    shown = {name: show_feature(context, name).record for name in listed}
    assert {name: render_time(end) for name, end in cleanup.items() if end} == listed
    assert {name: render_time(record.expires_at) for name, record in shown.items()} == listed
    for name, record in shown.items():
        assert listed[name] in lease_line(record, NOW)
    whole = NOW + 58 * HOUR
    assert {cleanup[f"feature-{name}"] for name in ("kept", "never", "old", "other")} == {whole}
    assert cleanup["feature-deleted"] == (NOW + 24 * HOUR if writes else whole)
    assert cleanup["feature-known"] == NOW + 23 * HOUR
    assert cleanup["feature-back"] == (whole if writes else NOW - HOUR)
    assert cleanup["feature-tagged"] == NOW - HOUR


def test_in_any_fleet_cleanup_prints_the_end_of_the_record() -> None:
    for seed in range(100):
        inventory = fleets.inventory(Random(seed))
        for writes in (False, True):
            policy = replace(POLICY, writes=writes)
            ends = {
                decision.environment: decision.expires_at for decision in plan_cleanup(inventory, NOW, policy).decisions
            }
            soon = {lease.environment: lease.expires_at for lease in warnings(inventory, NOW, policy)}
            for found in inventory.entries:
                record = found.record
                if not isinstance(record, FeatureRecord) or found.name not in ends:
                    continue
                ours = record.repository == inventory.repository
                after = with_branch_news(record, inventory.branches, NOW) if writes and ours else record
                assert ends[found.name] == after.expires_at, (seed, found)
                assert soon.get(found.name, after.expires_at) == after.expires_at
