"""Options of commands that report to reviewers."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from tee_infra.cli.printing import show
from tee_infra.core.review.facts import Action
from tee_infra.workflows.review.comment import Audience, RunSummary, audience, publish

Command = TypeVar("Command", bound=Callable[..., Any])


def review_options(command: Command) -> Command:
    """`--comment FILE` and `--post`, as the arguments `comment` and `post`."""
    file = click.option(
        "--comment",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write the result, also a failure, to FILE as Markdown for reviewers.",
    )
    post = click.option(
        "--post",
        is_flag=True,
        help="Post the result to the pull request, in one comment per environment.",
    )
    return file(post(command))


def reviewers(comment: Path | None, *, post: bool, branch: str | None = None) -> Audience:
    """The recipients of the review comment, checked at once. Raises `CommentFileError`, `NoPullRequestError`."""
    return audience(os.environ, comment, post=post, branch=branch)


def tell(to: Audience, environment: str, action: Action, told: RunSummary) -> None:
    """Publish how a run ended, and say so on standard error. Raises the error that ended it, and as `publish` does."""
    publish(to, environment, action, told, partial(show, err=True))
