"""GitHub's REST API: a listing is whole or an error, and nothing waits longer than it may."""

import time
from typing import Any, Final

from github import Auth, Github
from github.GithubException import GithubException
from urllib3.util import Retry

from tee_infra.errors import RemoteError

API_URL: Final = "https://api.github.com"
PER_PAGE: Final = 100
MOST_PAGES: Final = 500
SECONDS: Final = 15
"""For one answer. Three more attempts follow where the host is overloaded, none where it is silent or limits the rate:
it may ask to wait for an hour."""
LIMIT_SECONDS: Final = 60.0
"""What GitHub's documentation asks to wait after a limit whose end it does not name."""


class GitHubError(RemoteError):
    """GitHub refused, failed, or answered what cannot be read; `reason` is one line.

    `status` is that of the answer, None where there was none that could be read; `retry_after` are the seconds that it
    asks to wait, None where it names none.
    """

    def __init__(self, reason: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        self.reason = reason
        self.status = status
        self.retry_after = retry_after
        super().__init__(f"GitHub: {reason}")


def connect(api_url: str, token: str) -> Github:
    """The API at `api_url`, where nothing has been asked yet. Raises `GitHubError` for what is no address."""
    if not api_url.startswith(("https://", "http://")):
        raise GitHubError(f"GITHUB_API_URL is {api_url!r}, no address")
    retry = Retry(
        total=3,
        read=0,
        backoff_factor=0.2,
        status_forcelist=[500, 502, 503, 504],
        respect_retry_after_header=False,
        raise_on_status=False,
    )
    return Github(
        base_url=api_url.rstrip("/"),
        auth=Auth.Token(token),
        timeout=SECONDS,
        retry=retry,
        seconds_between_requests=None,
    )


def everything(api: Github, path: str, **parameters: str) -> list[dict[str, Any]]:
    """All entries of the listing at `path`, from every page.

    PyGithub's own lists take an empty answer for the end. Here a page is a JSON array or an error, and the end is a
    page that is not full and names no next one. Raises `GitHubError`.
    """
    found: list[dict[str, Any]] = []
    for number in range(1, MOST_PAGES + 1):
        page, is_last = _page(api, path, {**parameters, "per_page": str(PER_PAGE), "page": str(number)})
        found += page
        if is_last:
            return found
    raise GitHubError(f"{path} has more than {MOST_PAGES} pages")


def request(
    api: Github,
    method: str,
    path: str,
    *,
    parameters: dict[str, str] | None = None,
    content: dict[str, str] | None = None,
) -> tuple[dict[str, Any], Any]:
    """One request: the answer's headers, and what its JSON says. Raises `GitHubError`."""
    try:
        return api.requester.requestJsonAndCheck(method, path, parameters=parameters, input=content)
    except GithubException as error:
        raise GitHubError(f"{path}: {_said(error)}", status=error.status, retry_after=_wait(error)) from None
    except (OSError, ValueError, AssertionError) as error:  # OSError: all of requests' own
        raise GitHubError(f"{path}: {' '.join(str(error).split()) or type(error).__name__}") from None


def _page(api: Github, path: str, parameters: dict[str, str]) -> tuple[list[dict[str, Any]], bool]:
    headers, page = request(api, "GET", path, parameters=parameters)
    if not isinstance(page, list) or not all(isinstance(entry, dict) for entry in page):
        raise GitHubError(f"{path}: page {parameters['page']} is no list of objects")
    return page, len(page) < PER_PAGE and 'rel="next"' not in headers.get("link", "")


def _said(error: GithubException) -> str:
    said = error.data.get("message", "") if isinstance(error.data, dict) else ""
    return f"{error.status} {said}".strip()


def _wait(error: GithubException) -> float | None:
    """Seconds until a limit ends, by one of the three ways in which GitHub says that there is one."""
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    if headers.get("retry-after", "").isdigit():
        return float(headers["retry-after"])
    if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdigit():
        return max(0.0, float(headers["x-ratelimit-reset"]) - time.time())
    return LIMIT_SECONDS if "rate limit" in _said(error).lower() else None
