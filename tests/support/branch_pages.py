"""A small host that answers as GitHub's REST API does: pages, and whatever a test makes it do wrong."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

COMMIT = "c" * 40

Answer = tuple[int, bytes]


def branch(name: str) -> dict[str, Any]:
    return {"name": name, "commit": {"sha": COMMIT}}


def pull(name: str, repository: str | None = "acme/app") -> dict[str, Any]:
    return {"number": 1, "head": {"ref": name, "repo": repository and {"full_name": repository}}}


@dataclass
class Pages:
    """`branches` and `pulls` are the entries. `before` sees each request first, and may answer in place of the host."""

    branches: list[Any] = field(default_factory=list)
    pulls: list[Any] = field(default_factory=list)
    before: Callable[[str, int], Answer | None] = lambda path, page: None
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, target: str) -> tuple[int, bytes, str]:
        address = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(address.query).items()}
        self.asked.append(target)
        page, size = int(query["page"]), int(query["per_page"])
        if instead := self.before(address.path, page):
            return *instead, ""
        assert address.path.startswith("/repos/acme/app/")
        if address.path.endswith("/pulls"):
            assert query["state"] == "open"
        entries = self.branches if address.path.endswith("/branches") else self.pulls
        link = f'<{self.url}/elsewhere?page={page + 1}>; rel="next"' if len(entries) > page * size else ""
        return 200, json.dumps(entries[(page - 1) * size : page * size]).encode(), link


@contextmanager
def serve(pages: Pages) -> Iterator[str]:
    """The address of the host while it stands."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.headers["Authorization"] == "token t0ken"
            status, body, link = pages.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if link:
                self.send_header("Link", link)
            if status >= 400:
                self.send_header("Retry-After", "60")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    pages.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield pages.url
    finally:
        server.shutdown()
        server.server_close()
