"""The live branches of the repository, as far as they are known, and whether the list can be one of this repository."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

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


def unbelievable(branches: Branches, registered: Collection[str]) -> str | None:
    """The reason why this is not a list of the repository's branches. None: it can be one.

    `registered` are the branches with an environment. A list without any name that is known is one of something else:
    of another repository, of tags, of environments. A registered branch that is only listed below the prefix of a
    trunk is listed as a remote's.
    """
    if not registered:
        return None  # nothing depends on it
    known = branches.trunks | set(registered)
    if known.isdisjoint(branches.heads):
        return "contains neither the default branch nor the branch of any environment"
    for branch in sorted(set(registered) - set(branches.heads)):
        for prefix in (name.removesuffix(branch) for name in branches.heads if name.endswith(f"/{branch}")):
            if any(f"{prefix}{trunk}" in branches.heads for trunk in branches.trunks):
                return f"contains {prefix}{branch} in place of {branch}, as a list of a remote's branches does"
    return None
