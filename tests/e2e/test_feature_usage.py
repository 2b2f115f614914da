"""What feature commands say of leases, of what was never made, and of wrong usage. Nothing of it needs the engine."""

import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tee_infra.aws.identity import NoAccessError
from tee_infra.cli.root import root
from tee_infra.core.settings import SettingsError
from tee_infra.errors import TeeInfraError
from tee_infra.workflows.control.records import UnregisteredError
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.request import ForkError
from tests.support.checkout import Checkout
from tests.support.commands import invoke, json_of
from tests.support.features import T0
from tests.support.homes import record_of
from tests.support.prepared import ACCOUNT, Prepared

NOW = "2026-12-01T00:00:00Z"
Run = Callable[..., Result]


@pytest.fixture
def checkout(prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A checkout with a prepared account. Its engine has a version, and makes nothing."""
    engine = tmp_path / "pulumi"
    engine.write_text("#!/bin/sh\necho v3.272.0\n")
    engine.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.chdir(tmp_path)
    made = prepared.checkout(tmp_path, ACCOUNT)
    for standing in ("prod", "test"):
        (tmp_path / f"Pulumi.{standing}.yaml").unlink()
    return made


@pytest.fixture
def run(checkout: Checkout) -> Run:
    """A command in this process; errors are raised as the root command sees them."""
    return lambda *arguments: invoke(root, *arguments)


def test_a_lease_is_extended_held_released_and_shown(context: FeatureContext, run: Run) -> None:
    context.control.write(record_of("feature-leased", created_at=T0, last_activity=T0, ttl_seconds=72 * 3600))
    name, at = "feature-leased", ("--now", "2026-12-02T23:30:00Z")
    assert "(in 30 min); ends soon" not in run("feature", "show", name, "--now", NOW).output
    assert (
        f"{name}: lease until 2026-12-07T23:30:00Z (in 5 d)"
        in run("feature", "extend", name, "--ttl", "5d", *at).output
    )
    extended = json_of(run, "feature", "extend", "--branch", "feature/leased", "--ttl", "14d", "--json", *at)
    assert extended["expires_at"] == "2026-12-16T23:30:00Z"
    held = json_of(run, "feature", "hold", name, "--reason", "the demo", "--for", "7d", "--json", *at)
    assert (held["hold"]["reason"], held["hold"]["until"]) == ("the demo", "2026-12-09T23:30:00Z")
    close = run("feature", "list", "--now", "2026-12-16T22:00:00Z").output
    assert re.search(rf"^{name} .* in 1 h 30 min !! ", close, re.MULTILINE)
    assert "held until" not in run("feature", "release", name, *at).output
    shown = run("feature", "show", name, *at).output
    assert "lease until 2026-12-16T23:30:00Z (in 14 d)" in shown
    assert re.search(r"extend begun .*extend done .*hold done by .*: the demo\n.*release begun", shown, re.DOTALL)
    assert re.search(rf"{name}-tee-admin +missing", shown)


UNKNOWN = [
    "up feature-x",
    "preview feature-x",
    "schema check feature-x",
    "show feature-x",
    "feature extend feature-x --ttl 1h",
    "feature extend --branch feature/x --ttl 1h",
    "feature show feature-x",
    "feature destroy feature-x",
]


@pytest.mark.parametrize("command", UNKNOWN)
def test_what_nobody_made_is_one_error_everywhere(run: Run, command: str) -> None:
    with pytest.raises(
        UnregisteredError, match=r"To create it from its branch: tee-infra feature create --branch feature/x$"
    ):
        run(*command.split())


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        ("create --branch feature/a..b", 2, "git does not allow this branch name"),
        ("create --branch feature/prod", 2, "'prod' is reserved"),
        ("create --branch feature/a --ttl 15d", 2, "--ttl is '15d'; allowed: minutes, hours or days"),
        ("create --branch feature/a --owner a/b", 2, "--owner 'a/b': not allowed"),
        ("create --branch feature/a --from staging", 2, "only valid with --seed anonymized"),
        ("create --branch feature/a --seed anonymized", 2, "no SSM parameter /tee/staging/anonymize-key"),
        ("create --branch feature/a --now yesterday", 2, "--now: 'yesterday' is not a time"),
        ("extend feature-a --branch feature/a --ttl 1h", 2, "takes one of ENV and --branch BRANCH"),
        ("extend dev --ttl 1h", 2, "dev: permanent environment"),
        ("hold feature-a --reason ' ' --for 7d", 2, "--reason: 0 characters"),
        ("hold feature-a --reason x --for 31d", 2, "--for is '31d'"),
    ],
)
def test_wrong_usage_is_one_line_and_leaves_nothing(
    run: Run, context: FeatureContext, arguments: str, code: int, problem: str
) -> None:
    with pytest.raises(TeeInfraError, match=re.escape(problem)) as refused:
        run("feature", *shlex.split(arguments))
    assert refused.value.exit_code == code
    assert context.control.record("feature-a") is None


def test_an_account_is_named_and_another_clock_or_no_credentials_refused(
    checkout: Checkout, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout.set("dev", account_id="111122223333", repository="acme/app")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for variable in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(variable, os.devnull)
    for command in (("list",), ("create", "--branch", "feature/a"), ("extend", "feature-a", "--ttl", "1h")):
        with pytest.raises(NoAccessError, match="no access to AWS account 111122223333: there are no credentials"):
            run("feature", *command)
    monkeypatch.setenv("GITHUB_REPOSITORY", "mallory/app")
    with pytest.raises(ForkError):
        run("feature", "create", "--branch", "feature/a")
    (checkout.directory / "Pulumi.dev.yaml").unlink()
    with pytest.raises(SettingsError, match=r"Pulumi\.dev\.yaml: no such file"):
        run("feature", "list")
