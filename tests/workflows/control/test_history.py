from datetime import UTC, datetime

import pytest

from tee_infra.errors import RefusedError
from tee_infra.workflows.control.history import recorded
from tee_infra.workflows.features.context import FeatureContext


def test_an_action_is_noted_before_and_after_in_this_order(context: FeatureContext) -> None:
    began = datetime.now(UTC)
    with recorded(context.control, context.actor, "feature-x", "extend") as details:
        assert [entry.result for entry in context.control.history("feature-x")] == ["begun"]
        details += ["one", "two"]
    begun, done = context.control.history("feature-x")
    assert (begun.result, done.result, done.detail) == ("begun", "done", "one; two")
    assert began <= begun.when < done.when
    assert (done.action, done.who, done.where) == ("extend", "ann", "laptop, process 1")


@pytest.mark.parametrize(
    ("error", "result", "detail"),
    [
        (RefusedError("it is held"), "refused", "it is held"),
        (ValueError("broken"), "failed", "broken"),
        (KeyboardInterrupt(), "failed", "KeyboardInterrupt"),
    ],
)
def test_how_it_went_wrong_is_noted_and_not_hidden(
    context: FeatureContext, error: BaseException, result: str, detail: str
) -> None:
    with pytest.raises(type(error)), recorded(context.control, context.actor, "feature-x", "create"):
        raise error
    ended = context.control.history("feature-x")[-1]
    assert (ended.result, ended.detail) == (result, detail)
