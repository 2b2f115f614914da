"""GitHub's REST API: a partial listing is an error, and every wait has a limit."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from urllib.parse import urlencode, urljoin

from urllib3 import BaseHTTPResponse, PoolManager
from urllib3.exceptions import HTTPError

from tee_infra.errors import RemoteError
from tee_infra.scm.http_pool import http_pool, origin

API_URL: Final = "https://api.github.com"
PER_PAGE: Final = 100
MOST_PAGES: Final = 500
SECONDS: Final = 15
"""For one answer. Three retries follow if the host is overloaded, none if it is silent or limits the rate:
a rate limit may last an hour."""
SECONDS_BETWEEN_WRITES: Final = 1.0
"""The pause that GitHub's documentation asks for, from the end of one write to the beginning of the next."""
LIMIT_SECONDS: Final = 60.0
"""The wait that GitHub's documentation asks for after a rate limit without a given end."""

# The answers after which the same request is sent to another address, e.g. that of a renamed repository.
_MOVED: Final = frozenset({301, 302, 307, 308})
_MOST_MOVES: Final = 5
_REFUSED: Final = 400


class GitHubError(RemoteError):
    """GitHub refused, failed, or sent an unreadable answer; `reason` is one line.

    `status` is that of the answer, None without a readable one; `retry_after` are the seconds that it asks to wait,
    None where it names none.
    """

    code: ClassVar[str] = "github"

    def __init__(self, reason: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        self.reason = reason
        self.status = status
        self.retry_after = retry_after
        super().__init__(f"GitHub: {reason}")


@dataclass(kw_only=True)
class GitHubApi:
    """The API at `url`, which has no slash at its end.

    `write_interval` are the seconds from one write to the next, `last_write` is on the monotonic clock, in seconds.
    """

    url: str
    pool: PoolManager
    write_interval: float = SECONDS_BETWEEN_WRITES
    last_write: float | None = None


def connect(api_url: str, token: str) -> GitHubApi:
    """The API at `api_url`. Sends no request yet. Raises `GitHubError` for an invalid address or token."""
    if not api_url.startswith(("https://", "http://")):
        raise GitHubError(f"GITHUB_API_URL is {api_url!r}, which is not an address")
    if not re.fullmatch(r"[!-~]+", token):  # an HTTP client's error would quote it
        raise GitHubError("GITHUB_TOKEN contains a space, a line break or another character that tokens never contain")
    headers = {"Authorization": f"token {token}", "Accept": "application/vnd.github+json"}
    try:
        pool = http_pool(api_url, headers, SECONDS)
    except (HTTPError, ValueError) as error:
        raise GitHubError(f"GITHUB_API_URL is {api_url!r}, which is not an address: {_one_line(error)}") from None
    return GitHubApi(url=api_url.rstrip("/"), pool=pool)


def everything(api: GitHubApi, path: str, **parameters: str) -> list[dict[str, Any]]:
    """All entries of the listing at `path`, from every page.

    A page is a JSON array or an error, and the end is a page that is not full and names no next one. Raises
    `GitHubError`.
    """
    found: list[dict[str, Any]] = []
    for number in range(1, MOST_PAGES + 1):
        page, is_last = _page(api, path, {**parameters, "per_page": str(PER_PAGE), "page": str(number)})
        found += page
        if is_last:
            return found
    raise GitHubError(f"{path} has more than {MOST_PAGES} pages")


def request(
    api: GitHubApi,
    method: str,
    path: str,
    *,
    parameters: dict[str, str] | None = None,
    content: dict[str, str] | None = None,
) -> tuple[Mapping[str, str], Any]:
    """One request: the answer's headers and its JSON, None where it is not JSON. Raises `GitHubError`."""
    query = f"?{urlencode(parameters)}" if parameters else ""
    try:
        answer = _send(api, method, f"{path}{query}", content)
    except (HTTPError, OSError, ValueError) as error:
        raise GitHubError(f"{path}: {_one_line(error)}") from None
    body = _json(answer.data)
    if answer.status < _REFUSED:
        return answer.headers, body
    reason = _reason(answer.status, body)
    raise GitHubError(f"{path}: {reason}", status=answer.status, retry_after=_wait(answer.headers, reason))


def _send(api: GitHubApi, method: str, path: str, content: dict[str, str] | None) -> BaseHTTPResponse:
    """The answer, following redirects on the same host only: the token is never sent to another host."""
    url = f"{api.url}{path}"
    for _ in range(_MOST_MOVES):
        answer = _attempt(api, method, url, content)
        moved = answer.headers.get("location")
        if answer.status not in _MOVED or moved is None:
            return answer
        url = urljoin(url, moved)
        if origin(url) != origin(api.url):
            raise GitHubError(f"{path.partition('?')[0]} is redirected to another host. Correct GITHUB_API_URL")
    raise GitHubError(f"{path.partition('?')[0]} is redirected more than {_MOST_MOVES} times")


def _attempt(api: GitHubApi, method: str, url: str, content: dict[str, str] | None) -> BaseHTTPResponse:
    if method == "GET":
        return api.pool.request(method, url, redirect=False)
    if api.last_write is not None:
        time.sleep(max(0.0, api.last_write + api.write_interval - time.monotonic()))
    try:
        return api.pool.request(method, url, json=content, redirect=False)
    finally:
        api.last_write = time.monotonic()


def _page(api: GitHubApi, path: str, parameters: dict[str, str]) -> tuple[list[dict[str, Any]], bool]:
    headers, page = request(api, "GET", path, parameters=parameters)
    if not isinstance(page, list) or not all(isinstance(entry, dict) for entry in page):
        raise GitHubError(f"{path}: page {parameters['page']} is not a list of objects")
    return page, len(page) < PER_PAGE and 'rel="next"' not in headers.get("link", "")


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _reason(status: int, body: Any) -> str:
    message = body.get("message") if isinstance(body, dict) else None
    return f"{status} {message or ''}".strip()


def _wait(headers: Mapping[str, str], reason: str) -> float | None:
    """Seconds until a rate limit ends, from one of the three ways in which GitHub reports one."""
    if headers.get("retry-after", "").isdigit():
        return float(headers["retry-after"])
    if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdigit():
        return max(0.0, float(headers["x-ratelimit-reset"]) - time.time())
    return LIMIT_SECONDS if "rate limit" in reason.lower() else None
