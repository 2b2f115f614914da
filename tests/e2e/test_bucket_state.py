"""A feature environment as it lives in an account: its state in the bucket, its secrets under the key.

S3 and KMS are the embedded AWS's; the engine and its backend are the real ones.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from tee_infra.core import names
from tee_infra.core.cleanup.plan import Policy, plan_cleanup
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.pulumi_state.files import checkpoints_folder, stack_names
from tee_infra.core.resources.account import backend_url, secrets_provider
from tee_infra.workflows.cleanup.inventory import gather_inventory, look_closer
from tee_infra.workflows.control.environment_lock import locked
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.destroy import destroy_feature
from tee_infra.workflows.session.checkout import NAME
from tee_infra.workflows.session.file_store import open_store
from tests.support.checkout import Checkout
from tests.support.features import T0, home_of, make_expired

pytestmark = pytest.mark.engine

LATER = T0 + timedelta(days=1)


def in_buckets(context: FeatureContext) -> FeatureContext:
    """The home with the state where it is in an account.

    The embedded S3 has no host name for each bucket, and speaks plain HTTP, which the buckets refuse.
    """
    account, region = context.target.account_id, context.host.region
    bucket = names.state_bucket("ephemeral", account, region)
    connection = context.connection
    connection.session().client("s3", endpoint_url=connection.endpoint).delete_bucket_policy(Bucket=bucket)
    url = f"{backend_url('ephemeral', account, region)}&s3ForcePathStyle=true"
    return replace(
        context,
        backend_variables=context.backend_variables | {"PULUMI_BACKEND_URL": url},
        secrets_provider=secrets_provider(region),
        state=open_store(f"s3://{bucket}/.pulumi", connection),
    )


def test_a_feature_environment_lives_and_ends_with_its_state_in_a_bucket(checkout: Checkout) -> None:
    context = in_buckets(home_of(checkout))
    record = make_expired(context, "feature-far-away")
    with context.open(record) as opened:
        assert not opened.stack.preview().changes, "a folder of its own on each run keeps the key of the state"

    inventory = gather_inventory(context, None, LATER)
    inventory = look_closer(context, inventory, ["feature-far-away"])
    plan = plan_cleanup(inventory, LATER, Policy(max_destroys=1, limit_confirmed=True, grace=timedelta()))
    assert [(each.environment, each.reason_code) for each in plan.decisions] == [("feature-far-away", "expired")]

    with locked(context.locks, record.environment, context.actor, "cleanup") as held:
        destroyed = destroy_feature(context, record, LATER, held=held)
    assert isinstance(destroyed.record, FeatureRecord)
    assert destroyed.record.state == "destroyed"
    assert stack_names(context.state.names(checkpoints_folder(NAME))) == []
    assert len(context.state.names("destroyed/feature-far-away")) == 1, "its last state can be looked at"
    assert checkout.tables() == []
