"""Report a run to reviewers: as Markdown in a file, or as one comment on the pull request.

Published at the end of every run, also of a failed one: an old comment would be outdated.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tee_infra.core.changes.engine_run import EngineRun
from tee_infra.core.review.comment import render
from tee_infra.core.review.facts import Action, Quota, Review, is_comment, marker
from tee_infra.core.review.github_event import CommentTarget, NoPullRequestError, comment_target, commit_of, run_url
from tee_infra.errors import TeeInfraError, UsageError
from tee_infra.scm.comments import PATIENCE, open_pull_request, post_comment
from tee_infra.scm.github_api import API_URL, connect
from tee_infra.stacks import EngineError, ProtectedError, SharedResourceError, refusal
from tee_infra.workflows.files import UnusableFileError, write_text
from tee_infra.workflows.session.checkout import NAME

Report = Callable[[str], None]
NOTHING: Final = EngineRun()
_MOST_COMMENT_BYTES: Final = 1024


class CommentFileError(UsageError):
    """The comment cannot be written to a file."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file = file
        self.reason = reason
        super().__init__(
            f"--comment {file}: {reason}. Nothing was changed", next="Choose a new file or an earlier comment"
        )


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Destination of the comment: a file, a pull request, both or none. `commit` and `run_url`: of the CI job."""

    file: Path | None = None
    place: CommentTarget | None = None
    token: str = ""
    api_url: str | None = None
    commit: str | None = None
    run_url: str | None = None

    @property
    def nobody(self) -> bool:
        """Whether there is no destination."""
        return self.file is None and self.place is None


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """The facts of a run, and the `error` that ended it if it failed. `now` is the run's clock."""

    now: datetime
    run: EngineRun = NOTHING
    expires_at: datetime | None = None
    quota: Quota | None = None
    error: Exception | KeyboardInterrupt | None = None


def audience(environ: Mapping[str, str], file: Path | None, *, post: bool, branch: str | None = None) -> Audience:
    """The checked destination of the comment. `branch`: the branch of the pull request, if known.

    Raises `CommentFileError`, `NoPullRequestError`.
    """
    if file is None and not post:
        return Audience()
    if file is not None:
        _write(file, "")
    event = _event(environ)
    token = environ.get("GITHUB_TOKEN") or ""
    if post and not token:
        raise NoPullRequestError("GITHUB_TOKEN", "a token that may write to pull requests")
    return Audience(
        file=file,
        place=comment_target(environ, event, branch) if post else None,
        token=token,
        api_url=environ.get("GITHUB_API_URL") or None,
        commit=commit_of(environ, event),
        run_url=run_url(environ),
    )


def attempt(known: RunSummary, run: Callable[[], RunSummary]) -> RunSummary:
    """The result of a run; if it fails, the facts `known` before it, its error, and the engine's run so far."""
    try:
        return run()
    except (Exception, KeyboardInterrupt) as error:
        seen = error.run if isinstance(error, EngineError | ProtectedError | SharedResourceError) else known.run
        return replace(known, run=seen, error=error)


def publish(to: Audience, environment: str, action: Action, told: RunSummary, report: Report) -> None:
    """Tell how a run ended; one that failed raises its own error then, and a preview of what `up` refuses its refusal.

    That a failure could not be told is only reported. A preview that went well raises `GitHubError` or
    `CommentFileError` where it could not be told, as that was what it was for. After an `up` it is reported: what the
    command says of AWS stays true.
    """
    error = told.error or (refusal(environment, told.run) if action == "preview" else None)
    if error is not None:
        review = _review(to, environment, action, told, _problems(error))
        _try_to_tell(to, review, report, hurry=isinstance(error, KeyboardInterrupt))
        raise error
    review = _review(to, environment, action, told, ())
    if action == "preview":
        _tell(to, review, report)
    else:
        _try_to_tell(to, review, report)


def _review(to: Audience, environment: str, action: Action, told: RunSummary, problems: tuple[str, ...]) -> Review:
    return Review(
        project=NAME,
        environment=environment,
        action=action,
        run=told.run,
        now=told.now,
        problems=problems,
        expires_at=told.expires_at,
        quota=told.quota,
        commit=to.commit,
        run_url=to.run_url,
    )


def _try_to_tell(to: Audience, review: Review, report: Report, *, hurry: bool = False) -> None:
    try:
        _tell(to, review, report, hurry=hurry)
    except TeeInfraError as error:
        report(f"review comment: not updated: {error}")


def _tell(to: Audience, review: Review, report: Report, *, hurry: bool = False) -> None:
    """In a `hurry`, without waiting: a cancelled CI job has only seconds."""
    if to.nobody:
        return
    text = render(review)
    if to.file is not None:
        _write(to.file, text)
        report(f"review comment: written to {to.file}")
    if to.place is not None:
        report(_post(to, to.place, marker(review.project, review.environment), text, hurry=hurry))


def _post(to: Audience, place: CommentTarget, mark: str, text: str, *, hurry: bool) -> str:
    api = connect(to.api_url or API_URL, to.token)
    number = place.number or open_pull_request(api, place.repository, place.branch or "")
    if number is None:
        return f"review comment: not posted, as {place.repository} has no open pull request of {place.branch}"
    address = post_comment(api, place.repository, number, mark, text, patience=0.0 if hurry else PATIENCE)
    return f"review comment: posted at {address}"


def _problems(error: BaseException) -> tuple[str, ...]:
    """The reasons of a failure, for people. A violated policy is shown with all policies."""
    if isinstance(error, EngineError):
        mandatory = sum(violation.mandatory for violation in error.run.violations)
        stopped = (f"mandatory policy violations: {mandatory}",) if mandatory else tuple(error.problems)
        return error.run.problems or stopped
    if isinstance(error, TeeInfraError):
        return (str(error),)
    return (f"{type(error).__name__}: {error}" if str(error) else "interrupted",)


def _event(environ: Mapping[str, str]) -> dict[str, Any]:
    """The payload of the CI job's event; empty without a readable one."""
    try:
        event = json.loads(Path(environ.get("GITHUB_EVENT_PATH", "")).read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _write(file: Path, text: str) -> None:
    try:
        write_text(file, text, ours=is_comment, most=_MOST_COMMENT_BYTES)
    except UnusableFileError as error:
        raise CommentFileError(file, error.reason) from None
