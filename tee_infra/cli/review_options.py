"""Options of commands whose outcome reviewers are told."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from tee_infra.core.review.facts import Action
from tee_infra.workflows.review.comment import RunSummary, audience, reviewed

Command = TypeVar("Command", bound=Callable[..., Any])


def review_options(command: Command) -> Command:
    """`--comment FILE` and `--post`, as the arguments `comment` and `post`."""
    file = click.option(
        "--comment",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write the outcome as Markdown for reviewers, also when it fails.",
    )
    post = click.option(
        "--post",
        is_flag=True,
        help="Put the outcome on the pull request, as one comment for each environment.",
    )
    return file(post(command))


def told_to_reviewers(
    environment: str, action: Action, comment: Path | None, *, post: bool, branch: str | None = None
) -> AbstractContextManager[RunSummary]:
    """Tell of the run inside of this. What that takes is checked at once, and said on standard error.

    Raises `CommentFileError`, `NoPullRequestError`.
    """
    to = audience(os.environ, comment, post=post, branch=branch)
    return reviewed(to, environment, action, datetime.now(UTC), partial(click.echo, err=True))
