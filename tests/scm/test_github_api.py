"""One request to a code host: where it goes, and where the token never goes."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tee_infra.scm.github_api import GitHubError, connect, everything, request
from tests.support.github_stand_in import GitHub
from tests.support.github_stand_in import serve as serve_github

TOKEN = "t0ken"
PULLS = "/repos/acme/app/pulls"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@contextmanager
def serve(answers: dict[str, tuple[int, dict[str, str]]]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A host that answers each path with a status and headers, and the requests that it got with their tokens."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append((f"{self.command} {self.path}", self.headers.get("Authorization", "")))
            status, headers = answers.get(self.path.partition("?")[0], (200, {}))
            self.send_response(status)
            for name, value in {"Content-Length": "2", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"[]")

        do_GET = do_POST = _any  # noqa: N815  # what the base class looks for

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def test_the_path_of_an_enterprise_host_comes_first() -> None:
    with serve({}) as (url, asked):
        assert everything(connect(f"{url}/api/v3/", TOKEN), PULLS, state="open") == []
    assert asked == [(f"GET /api/v3{PULLS}?state=open&per_page=100&page=1", f"token {TOKEN}")]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_renamed_repository_is_followed_with_the_same_request(status: int) -> None:
    with serve({PULLS: (status, {"Location": "/repositories/1/pulls?x=1"})}) as (url, asked):
        api = connect(url, TOKEN)
        api.write_interval = 0.0
        request(api, "GET", PULLS)
        request(api, "POST", PULLS, content={"body": "text"})
    assert asked == [
        (f"{method} {path}", f"token {TOKEN}")
        for method in ("GET", "POST")
        for path in (PULLS, "/repositories/1/pulls?x=1")
    ]


def test_another_host_gets_nothing() -> None:
    with (
        serve({}) as (other, got),
        serve({PULLS: (301, {"Location": f"{other}{PULLS}"})}) as (url, _),
        pytest.raises(GitHubError, match="redirected to another host"),
    ):
        request(connect(url, TOKEN), "GET", PULLS)
    assert got == []


def test_a_circle_of_redirects_ends() -> None:
    moved = {PULLS: (301, {"Location": PULLS})}
    with serve(moved) as (url, asked), pytest.raises(GitHubError, match="more than 5 times"):
        request(connect(url, TOKEN), "GET", PULLS)
    assert len(asked) == 5


@pytest.mark.parametrize("token", ["", "t0ken\n", "t0 ken", "t0kén"])
def test_what_is_no_token_is_refused_without_being_quoted(token: str) -> None:
    with pytest.raises(GitHubError, match="GITHUB_TOKEN") as raised:
        connect("https://api.github.com", token)
    assert not token or token not in str(raised.value)


@pytest.mark.parametrize("url", ["https://", "https://[::1", "https://host:port"])
def test_an_address_without_a_host_is_refused(url: str) -> None:
    with pytest.raises(GitHubError, match="is not an address"):
        connect(url, TOKEN)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY", "http_proxy"])
def test_the_proxy_of_the_shell_is_used(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with serve({}) as (proxy, asked):
        monkeypatch.setenv(name, proxy.removeprefix("http://"))
        request(connect("http://github.example", TOKEN), "GET", PULLS)
    assert [line for line, _ in asked] == [f"GET http://github.example{PULLS}"]


def test_no_proxy_keeps_a_host_from_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve({}) as (proxy, got), serve_github(GitHub()) as github:
        monkeypatch.setenv("HTTP_PROXY", proxy)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert everything(connect(github.url, github.token), PULLS) == []
    assert got == []


def test_certificates_are_those_that_the_shell_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
    with serve({}) as (url, _), pytest.raises(GitHubError, match="No such file"):
        request(connect(url.replace("http:", "https:"), TOKEN), "GET", PULLS)


def test_writes_are_a_second_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    with serve({}) as (url, _):
        api = connect(url, TOKEN)
        request(api, "POST", PULLS, content={})
        request(api, "GET", PULLS)
        request(api, "POST", PULLS, content={})
    assert len(waits) == 1
    assert 0.5 < waits[0] <= 1
