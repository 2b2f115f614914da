"""Check the prerequisites of the commands on this machine."""

import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Final

from tee_infra import local
from tee_infra.aws.identity import clock_skew, credentials_source
from tee_infra.core.data.backup import is_segment
from tee_infra.core.defaults.project_folder import NoProjectError
from tee_infra.core.target import AwsTarget
from tee_infra.engine import engine_findings
from tee_infra.engine.doctor import Finding
from tee_infra.errors import TeeInfraError
from tee_infra.local import EmbeddedAws
from tee_infra.local.private_files import OWN_FOLDER
from tee_infra.scm.git import GitError, known_files
from tee_infra.workflows.environments.list import find_environments
from tee_infra.workflows.session.checkout import Project, find_project

AWS_ADDRESS: Final = "https://sts.amazonaws.com"
MINIMUM_PYTHON: Final = (3, 11)
_NAMED: Final = 3
ALLOWED_SKEW_SECONDS: Final = 300
"""AWS refuses a signature that is more than five minutes old or early (Signature Version 4)."""


def targets_of(directory: Path, *, use_local: bool) -> list[AwsTarget]:
    """The targets of the checkout's environments; none outside of a checkout. Contacts nothing."""
    try:
        found = find_environments(find_project(directory), local=use_local)
    except NoProjectError:
        return []
    return [entry.target for entry in found if entry.target]


def diagnose(directory: Path, environ: Mapping[str, str], *, use_local: bool = False) -> list[Finding]:
    """Check every prerequisite. Changes nothing and never raises: a failed check is a finding.

    `use_local`: without requests to AWS.
    """
    findings = [_python(), *engine_findings(environ)]
    try:
        project = find_project(directory)
    except TeeInfraError as error:
        return [*findings, Finding(name="checkout", ok=False, value=str(error), fix="cd into the checkout")]
    running = local.status(project.embedded_directory)
    findings += [
        Finding(name="checkout", ok=True, value=str(project.directory)),
        *_stack_files(project),
        _embedded(running),
        _credentials(environ),
        _backend(project, environ),
        _clock(running, use_local=use_local),
        _private_files(project.directory),
    ]
    return findings


def _python() -> Finding:
    supported = sys.version_info >= MINIMUM_PYTHON
    wanted = ".".join(map(str, MINIMUM_PYTHON))
    return Finding(
        name="Python",
        ok=supported,
        value=f"{platform.python_version()} at {sys.executable}",
        fix="" if supported else f"install Python {wanted} or later, then run: make up",
    )


def _stack_files(project: Project) -> list[Finding]:
    problems: list[Finding] = []
    for environment in project.environments():
        try:
            project.settings(environment)
        except TeeInfraError as error:
            problems.append(
                Finding(name=f"settings of {environment.name}", ok=False, value=str(error), fix="edit that file")
            )
    return problems or [Finding(name="settings", ok=True, value="every stack file is valid")]


def _embedded(running: EmbeddedAws | None) -> Finding:
    if running is None:
        return Finding(
            name="embedded AWS", ok=True, value="not running; `tee-infra local start` and `tee-infra up` start it"
        )
    return Finding(
        name="embedded AWS", ok=True, value=f"running at {running.endpoint}, provider on port {running.provider_port}"
    )


def _credentials(environ: Mapping[str, str]) -> Finding:
    source = credentials_source()
    if environ.get("AWS_ENDPOINT_URL"):
        return Finding(
            name="AWS credentials", ok=True, value=f"this shell uses the endpoint {environ['AWS_ENDPOINT_URL']}"
        )
    return Finding(
        name="AWS credentials",
        ok=True,
        value=f"from {source}" if source else "none; the embedded AWS needs none",
    )


def _backend(project: Project, environ: Mapping[str, str]) -> Finding:
    named = environ.get("PULUMI_BACKEND_URL")
    value = f"embedded stacks in {project.state_directory}; others in {named or 'the backend of pulumi login'}"
    return Finding(name="backend", ok=True, value=value)


def _private_files(directory: Path) -> Finding:
    """Whether git has, or would take, backups, resume files or anything in `.tee`."""
    name = "files with personal data"
    try:
        found = [file for file in known_files(directory) if _may_be_personal(file)]
    except GitError:
        return Finding(name=name, ok=True, value="not in a git checkout")
    if not found:
        return Finding(name=name, ok=True, value="git takes none")
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return Finding(
        name=name,
        ok=False,
        value=f"git has or would take {', '.join(map(repr, found[:_NAMED]))}{more}",
        fix="name them in .gitignore; git rm --cached FILE keeps the file and takes it out of the next commit",
    )


def _may_be_personal(file: str) -> bool:
    parts = PurePosixPath(file).parts
    return OWN_FOLDER in parts or is_segment("/".join(parts[-2:])) or file.endswith((".checkpoint", ".json.gz.part"))


def _clock(running: EmbeddedAws | None, *, use_local: bool) -> Finding:
    now = datetime.now(UTC)
    address = running.endpoint if running else None if use_local else AWS_ADDRESS
    skew = clock_skew(address) if address else None
    if skew is None:
        return Finding(name="clock", ok=True, value=f"{now:%Y-%m-%d %H:%M:%S} UTC, no other clock to compare with")
    within = abs(skew) <= ALLOWED_SKEW_SECONDS
    return Finding(
        name="clock",
        ok=within,
        value=f"{now:%Y-%m-%d %H:%M:%S} UTC, {skew:+.0f} s from {'the embedded AWS' if running else 'AWS'}",
        fix="" if within else "set the clock: AWS refuses signatures that differ by more than five minutes",
    )
