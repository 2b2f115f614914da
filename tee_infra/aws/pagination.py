"""Listings that are whole: an answer that was cut short must not pass for the last page.

botocore takes a JSON body that it cannot read for an answer without members, and any page without a token for the last.
"""

from collections.abc import Mapping
from typing import Any, cast

from tee_infra.aws.connection import AwsError, aws_errors


class PartialPageError(AwsError):
    """A listing came to no proper end, so what it lists is less than what is there."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(what, f"{reason}, so the listing is not whole", next="Run the same command again")


def every(
    client: Any, operation: str, result: str, token: str, *, ends_empty: bool = False, **members: Any
) -> list[Any]:
    """All that a listing has under `result`, a request for each page. Raises `AwsError`, `PartialPageError`.

    `token` leads to the next page. `ends_empty`: the last page has an empty one instead of none.
    """
    what = f"{operation} of {client.meta.service_model.service_name}"
    found: list[Any] = []
    with aws_errors(what):
        for page in client.get_paginator(operation).paginate(**members):
            found += member(page, result, what)
            leads_nowhere = page.get("IsTruncated") and not page.get(token)
            if leads_nowhere or (page.get(token) == "" and not ends_empty):
                raise PartialPageError(what, f"an answer says that there is more, but its {token} is empty")
    return found


def member(page: Mapping[str, Any], name: str, what: str) -> list[Any]:
    """A list in an answer. Raises `PartialPageError` where there is none, not even an empty one."""
    found = page.get(name)
    if not isinstance(found, list):
        raise PartialPageError(what, f"an answer has no {name}")
    return cast("list[Any]", found)
