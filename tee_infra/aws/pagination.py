"""Complete listings: a truncated answer must not count as the last page.

botocore reads an unreadable JSON body as an answer without members, a null token as none, and any page without a token
as the last one. It notices the same token twice in a row, but no longer circle.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, cast

from botocore.parsers import ResponseParserError

from tee_infra.aws.connection import AwsError, aws_errors

# Inside a string the quotes would be escaped.
_NULL_TOKEN: Final = re.compile(rb'"(LastEvaluated\w+|NextToken|PaginationToken|Marker)"\s*:\s*null')


class PartialPageError(AwsError):
    """A listing ended early, so it is incomplete."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(what, f"{reason}, so the listing is incomplete", next="Run the same command again")


def all_pages(
    client: Any, operation: str, result: str, token: str, *, ends_empty: bool = False, **members: Any
) -> list[Any]:
    """All entries of a listing under `result`, one request per page. Raises `AwsError`, `PartialPageError`.

    `token` is the member for the next page. `ends_empty`: the last page has an empty one instead of none.
    """
    what = f"{operation} of {client.meta.service_model.service_name}"
    found: list[Any] = []
    tokens: set[Any] = set()
    refuse_null_tokens(client)
    with aws_errors(what):
        for page in client.get_paginator(operation).paginate(**members):
            found += member(page, result, what)
            if page.get(token) in tokens:
                raise PartialPageError(what, f"the {token} of an answer is that of an earlier one")
            tokens |= {page[token]} if page.get(token) else set()
            leads_nowhere = page.get("IsTruncated") and not page.get(token)
            if leads_nowhere or (page.get(token) == "" and not ends_empty):
                raise PartialPageError(what, f"an answer announces a further page, but its {token} is empty")
    return found


def member(page: Mapping[str, Any], name: str, what: str) -> list[Any]:
    """A list in an answer. Raises `PartialPageError` if it is missing; an empty one is fine."""
    found = page.get(name)
    if not isinstance(found, list):
        raise PartialPageError(what, f"an answer has no {name}")
    return cast("list[Any]", found)


def refuse_null_tokens(client: Any) -> None:
    """Make a client of a service in JSON refuse answers whose token is null, which AWS never sends.

    Any number of times: botocore keeps one handler of an id.
    """
    events = client.meta.events
    service = client.meta.service_model.service_id.hyphenize()
    events.register(f"before-parse.{service}", _refuse_null_token, unique_id="tee-null-token")


def _refuse_null_token(response_dict: dict[str, Any], **_: Any) -> None:
    if found := _NULL_TOKEN.search(response_dict["body"]):
        raise ResponseParserError(f"the {found[1].decode()} of an answer is null")
