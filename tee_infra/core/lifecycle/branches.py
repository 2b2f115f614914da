"""The live branches of the repository, as far as they are known."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Branches:
    """The branches that live, and what is known of them; `source` says who told.

    `heads`: branch -> commit, None where it was not told. `in_review`: branches with an open pull request.
    `maybe_in_review`: those that may have one, as nobody could be asked.
    """

    source: str
    heads: Mapping[str, str | None]
    in_review: frozenset[str] = frozenset()
    maybe_in_review: frozenset[str] = frozenset()
