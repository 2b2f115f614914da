"""GitHub's REST API: a listing is whole or an error, and nothing waits longer than it may."""

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
"""For one answer. Three more attempts follow where the host is overloaded, none where it is silent or limits the rate:
it may ask to wait for an hour."""
SECONDS_BETWEEN_WRITES: Final = 1.0
"""What GitHub's documentation asks for, from the end of one to the beginning of the next."""
LIMIT_SECONDS: Final = 60.0
"""What GitHub's documentation asks to wait after a limit whose end it does not name."""

# The answers after which the same request is made at another address: a renamed repository's, for one.
_MOVED: Final = frozenset({301, 302, 307, 308})
_MOST_MOVES: Final = 5
_REFUSED: Final = 400


class GitHubError(RemoteError):
    """GitHub refused, failed, or answered what cannot be read; `reason` is one line.

    `status` is that of the answer, None where there was none that could be read; `retry_after` are the seconds that it
    asks to wait, None where it names none.
    """

    code: ClassVar[str] = "github"

    def __init__(self, reason: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        self.reason = reason
        self.status = status
        self.retry_after = retry_after
        super().__init__(f"GitHub: {reason}")


@dataclass(kw_only=True)
class GitHubApi:
    """The API at `url`, which has no slash at its end. `last_write` is on the monotonic clock, in seconds."""

    url: str
    pool: PoolManager
    last_write: float | None = None


def connect(api_url: str, token: str) -> GitHubApi:
    """The API at `api_url`; nothing is requested yet. Raises `GitHubError` for a bad address or token."""
    if not api_url.startswith(("https://", "http://")):
        raise GitHubError(f"GITHUB_API_URL is {api_url!r}, no address")
    if not re.fullmatch(r"[!-~]+", token):  # the error of an HTTP client would quote it
        raise GitHubError("GITHUB_TOKEN has a space, a line break or another character that no token has")
    headers = {"Authorization": f"token {token}", "Accept": "application/vnd.github+json"}
    try:
        pool = http_pool(api_url, headers, SECONDS)
    except (HTTPError, ValueError) as error:
        raise GitHubError(f"GITHUB_API_URL is {api_url!r}, no address: {_one_line(error)}") from None
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
    """One request: the answer's headers, and what its JSON says, None where it is none. Raises `GitHubError`."""
    query = f"?{urlencode(parameters)}" if parameters else ""
    try:
        answer = _send(api, method, f"{path}{query}", content)
    except (HTTPError, OSError, ValueError) as error:
        raise GitHubError(f"{path}: {_one_line(error)}") from None
    told = _json(answer.data)
    if answer.status < _REFUSED:
        return answer.headers, told
    said = _said(answer.status, told)
    raise GitHubError(f"{path}: {said}", status=answer.status, retry_after=_wait(answer.headers, said))


def _send(api: GitHubApi, method: str, path: str, content: dict[str, str] | None) -> BaseHTTPResponse:
    """The answer from wherever `path` has moved to on this host: to another one, the token does not go."""
    url = f"{api.url}{path}"
    for _ in range(_MOST_MOVES):
        answer = _attempt(api, method, url, content)
        moved = answer.headers.get("location")
        if answer.status not in _MOVED or moved is None:
            return answer
        url = urljoin(url, moved)
        if origin(url) != origin(api.url):
            raise GitHubError(f"{path.partition('?')[0]} is redirected to another host; correct GITHUB_API_URL")
    raise GitHubError(f"{path.partition('?')[0]} is redirected more than {_MOST_MOVES} times")


def _attempt(api: GitHubApi, method: str, url: str, content: dict[str, str] | None) -> BaseHTTPResponse:
    if method == "GET":
        return api.pool.request(method, url, redirect=False)
    if api.last_write is not None:
        time.sleep(max(0.0, api.last_write + SECONDS_BETWEEN_WRITES - time.monotonic()))
    try:
        return api.pool.request(method, url, json=content, redirect=False)
    finally:
        api.last_write = time.monotonic()


def _page(api: GitHubApi, path: str, parameters: dict[str, str]) -> tuple[list[dict[str, Any]], bool]:
    headers, page = request(api, "GET", path, parameters=parameters)
    if not isinstance(page, list) or not all(isinstance(entry, dict) for entry in page):
        raise GitHubError(f"{path}: page {parameters['page']} is no list of objects")
    return page, len(page) < PER_PAGE and 'rel="next"' not in headers.get("link", "")


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _said(status: int, told: Any) -> str:
    message = told.get("message") if isinstance(told, dict) else None
    return f"{status} {message or ''}".strip()


def _wait(headers: Mapping[str, str], said: str) -> float | None:
    """Seconds until a limit ends, by one of the three ways in which GitHub says that there is one."""
    if headers.get("retry-after", "").isdigit():
        return float(headers["retry-after"])
    if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdigit():
        return max(0.0, float(headers["x-ratelimit-reset"]) - time.time())
    return LIMIT_SECONDS if "rate limit" in said.lower() else None
