"""The live branches of the repository, as far as they are known."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Branches:
    """The live branches; `source` names the program or service that listed them.

    `heads`: branch -> commit, None where it is unknown. `in_review`: branches with an open pull request.
    `review_unknown`: those that may have one, because pull requests could not be listed.
    """

    source: str
    heads: Mapping[str, str | None]
    in_review: frozenset[str] = frozenset()
    review_unknown: frozenset[str] = frozenset()
