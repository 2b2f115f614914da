"""The live branches of the repository, as far as they are known, and whether the list can be one of this repository."""

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

USUAL_TRUNKS: Final = frozenset({"main", "master"})


@dataclass(frozen=True, kw_only=True)
class Branches:
    """The live branches; `source` names the program or service that listed them.

    `heads`: branch -> commit, None where it is unknown. `in_review`: branches with an open pull request.
    `review_unknown`: those that may have one, because pull requests could not be listed. `trunks`: the names that the
    default branch may have.
    """

    source: str
    heads: Mapping[str, str | None]
    in_review: frozenset[str] = frozenset()
    review_unknown: frozenset[str] = frozenset()
    trunks: frozenset[str] = USUAL_TRUNKS


def _spelling(name: str) -> str:
    """Equal for names that differ in a web address's escapes or in how Unicode composes an accent (macOS's files)."""
    return unicodedata.normalize("NFC", unquote(name))


def unbelievable(branches: Branches, registered: Collection[str]) -> str | None:
    """The reason why this is not a list of the repository's branches. None: it can be one.

    `registered` are the branches with an environment. A list without any name that is known is one of something else:
    of another repository, of tags, of environments. A registered branch that is only listed below the prefix of a
    trunk is listed as a remote's, and one that is only listed in another spelling of the same name was converted.
    """
    if not registered:
        return None  # nothing depends on it
    known = branches.trunks | set(registered)
    if known.isdisjoint(branches.heads):
        return "contains neither the default branch nor the branch of any environment"
    prefixes = {
        name.removesuffix(trunk) for name in branches.heads for trunk in branches.trunks if name.endswith(f"/{trunk}")
    }
    spelled = {_spelling(name): name for name in branches.heads}
    for branch in sorted(set(registered) - set(branches.heads)):
        if converted := spelled.get(_spelling(branch)):
            return f"contains {converted} in place of {branch}, as a converted list does"
        if prefix := next((prefix for prefix in prefixes if f"{prefix}{branch}" in branches.heads), None):
            return f"contains {prefix}{branch} in place of {branch}, as a list of a remote's branches does"
    return None
