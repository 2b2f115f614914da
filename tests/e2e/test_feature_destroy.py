"""`tee-infra feature destroy`, as its user meets it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tee_infra.cli.features.destroy import destroy
from tee_infra.errors import RefusedError, UsageError
from tests.support.checkout import Checkout
from tests.support.commands import invoke
from tests.support.features import T0, FeatureUp, home_of, make, read, tables_of

pytestmark = pytest.mark.engine

AT = "2026-12-01T00:30:00Z"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command in this process; its errors are raised."""
    monkeypatch.chdir(tmp_path)  # of the checkout

    def run_it(*arguments: str, typed: str = "") -> Result:
        return invoke(destroy, *arguments, "--now", AT, typed=typed)

    return run_it


def test_it_is_shown_asked_for_by_name_done_once_and_said_when(feature_up: FeatureUp, run: Run) -> None:
    checkout, _ = feature_up
    shown = run("feature-x", "--dry-run").stdout
    assert "- delete   aws:dynamodb/table:Table  data-tee-admin" in shown
    assert "feature-x-tee-admin: about 0 items" in shown
    with pytest.raises(RefusedError, match=r"'feature-b' is not 'feature-x'\. Nothing was changed"):
        run("feature-x", typed="feature-b\n")
    with pytest.raises(UsageError, match="--json: cannot ask"):
        run("feature-x", "--json")
    assert len(tables_of(checkout, "feature-x")) == 3
    assert "feature-x: destroyed, 10 resources deleted" in run("feature-x", typed="feature-x\n").stdout
    assert tables_of(checkout, "feature-x") == []
    again = run("--branch", "feature/x", "--yes")
    assert again.exit_code == 0
    assert "feature-x: already destroyed at 2026-12-01T00:30:00Z, " in again.stdout


def test_after_only_cuts_the_lease_short_and_never_makes_it_longer(checkout: Checkout, run: Run) -> None:
    context = home_of(checkout)
    make(context, "feature-c", up=False)
    assert "would end 2026-12-02T00:30:00Z (in 1 d)" in run("feature-c", "--after", "24h", "--dry-run").stdout
    assert read(context, "feature-c").version == 1
    run("--branch", "feature/c", "--after", "24h", "--yes")
    assert (read(context, "feature-c").state, read(context, "feature-c").expires_at) == (
        "active",
        T0.replace(day=2, minute=30),
    )
    run("feature-c", "--after", "48h")
    assert read(context, "feature-c").expires_at == T0.replace(day=2, minute=30)


def test_a_branch_that_never_had_an_environment_has_nothing_to_destroy(checkout: Checkout, run: Run) -> None:
    done = run("--branch", "feature/never", "--yes")
    assert done.exit_code == 0
    assert "feature/never: no environment, nothing to destroy" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["dev"], "dev: permanent environment; .* To delete its resources: tee-infra down dev"),
        ([], "--yes: no environment is destroyed by default without a question"),
        (["feature-x", "--branch", "feature/x"], "takes one of ENV and --branch BRANCH"),
        (["feature-nobody"], "feature-nobody: no such feature environment"),
        (["feature-x", "--after", "soon"], "--after is 'soon'; allowed: minutes, hours or days"),
    ],
)
def test_what_makes_no_sense_is_one_line(checkout: Checkout, run: Run, arguments: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run(*arguments, "--yes")
