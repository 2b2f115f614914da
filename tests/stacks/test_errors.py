"""What the errors of a stack advise: a repair or a slot, and never a loss."""

import pytest

from tee_infra.core.changes.engine_run import Change, EngineRun
from tee_infra.stacks import EngineError, ProtectedError, SharedResourceError, refusal


@pytest.mark.parametrize(
    "problem",
    [
        "data-tee-admin: creating DynamoDB Table (x): ResourceInUseException: Table already exists: x",
        "access-app: EntityAlreadyExists: Role with name x already exists.",
        "audit-bucket: BucketAlreadyOwnedByYou",
        "The Pulumi CLI encountered a snapshot integrity error. This is a bug!",
        "failed to load checkpoint: place 1: unexpected end of JSON input",
        "could not deserialize deployment: unmarshaling deployment: EOF",
    ],
)
def test_a_failure_whose_cause_is_the_state_advises_the_repair(problem: str) -> None:
    assert EngineError("dev", ["other", problem]).next == "Diagnose and repair the state: tee-infra repair dev"


@pytest.mark.parametrize("problem", ["AccessDenied", "the Pulumi CLI exited with code 255 and no error message"])
def test_another_failure_advises_no_repair(problem: str) -> None:
    assert EngineError("dev", [problem]).next is None


def test_the_refusal_of_a_plan_names_what_it_keeps_and_the_way_on() -> None:
    kept = Change(operation="delete", type="aws:s3/bucket:Bucket", name="audit", urn="u", protected=True)
    protected = refusal("prod", EngineRun(changes=(kept,)))
    assert isinstance(protected, ProtectedError)
    assert "prod-v2" in str(protected)
    assert "audit" in str(protected)
    assert isinstance(refusal("prod", EngineRun(shared=("audit",))), SharedResourceError)
    assert refusal("prod", EngineRun(changes=(Change(operation="create", type="t", name="a", urn="a"),))) is None
