"""A GitHub of one repository on this machine: pull requests and their comments, in pages, with faults on demand.

In a test: `with serve(GitHub()) as github: …`, then `github.url`. As a process of its own:

    python -m tests.support.github_stand_in --repository acme/app --token t0ken [--git BARE_REPOSITORY]

prints its address and serves until it is ended. There, pull requests are opened and closed as on GitHub (`POST pulls`,
`PATCH pulls/1`), `GET /comments` tells every comment, and `POST /faults` takes the fields of a `Fault`.
"""

import argparse
import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

BOT = {"login": "github-actions[bot]", "type": "Bot"}
LONGEST = 65_536

Answer = tuple[int, Any]


@dataclass
class Fault:
    """What goes wrong with the next request whose method and path are like these.

    `status` is answered instead; `lost`: after the work was done all the same, and 0 closes the connection without a
    word. `seconds` go by before any of it.
    """

    method: str = "GET|POST|PATCH|DELETE"
    path: str = ".*"
    status: int = 500
    message: str = "a fault"
    headers: dict[str, str] = field(default_factory=dict[str, str])
    lost: bool = False
    seconds: float = 0.0


@dataclass
class GitHub:
    """The host's memory. `asked` has every request as `METHOD /path?query`."""

    repository: str = "acme/app"
    token: str = "t0ken"
    git: str | None = None
    comments: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    pulls: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    faults: list[Fault] = field(default_factory=list[Fault])
    asked: list[str] = field(default_factory=list[str])
    url: str = ""
    _ids: Iterator[int] = field(default_factory=lambda: count(1000))
    _lock: Lock = field(default_factory=Lock)

    def open_pull(self, branch: str, *, owner: str | None = None) -> int:
        """A pull request of a branch, of a fork where `owner` is another one; its number."""
        source = f"{owner}/app" if owner else self.repository
        number = len(self.pulls) + 1
        head = {
            "ref": branch,
            "sha": "c" * 40,
            "repo": {"full_name": source},
            "label": f"{source.split('/')[0]}:{branch}",
        }
        self.pulls.append({"number": number, "state": "open", "head": head, "base": {"ref": "main"}})
        return number

    def say(self, number: int, body: str, user: dict[str, str] = BOT, association: str = "NONE") -> dict[str, Any]:
        """A comment on a pull request."""
        comment = {
            "id": next(self._ids),
            "number": number,
            "body": body,
            "user": user,
            "author_association": association,
            "html_url": f"{self.url}/{self.repository}/pull/{number}#comment",
        }
        self.comments.append(comment)
        return comment

    def bodies(self, number: int) -> list[str]:
        return [comment["body"] for comment in self.comments if comment["number"] == number]

    def answer(self, method: str, target: str, content: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        """What a request gets: status, JSON, headers. Status 0 is a connection that just ends."""
        address = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(address.query).items()}
        with self._lock:
            self.asked.append(f"{method} {target}")
            fault = self._next_fault(method, address.path)
        if fault:
            time.sleep(fault.seconds)
        if fault and not fault.lost:
            return fault.status, {"message": fault.message}, fault.headers
        with self._lock:
            status, told = self._work(method, address.path, query, content)
        if fault:
            return fault.status, {"message": fault.message}, fault.headers
        return (status, *self._page(address.path, query, told)) if isinstance(told, list) else (status, told, {})

    def _next_fault(self, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if re.fullmatch(fault.method, method) and re.fullmatch(fault.path, path):
                self.faults.remove(fault)
                return fault
        return None

    def _work(self, method: str, path: str, query: dict[str, str], content: dict[str, Any]) -> Answer:
        if path == "/faults":
            self.faults.append(Fault(**content))
            return 201, {}
        if path == "/comments":
            return 200, {"comments": self.comments}
        return self._route(method, path.removeprefix(f"/repos/{self.repository}/"), query, content)

    def _route(self, method: str, path: str, query: dict[str, str], content: dict[str, Any]) -> Answer:
        if found := re.fullmatch(r"issues/(\d+)/comments", path):
            return self._comments_of(method, int(found[1]), content)
        if found := re.fullmatch(r"issues/comments/(\d+)", path):
            return self._comment(method, int(found[1]), content)
        if found := re.fullmatch(r"pulls(?:/(\d+))?", path):
            return self._pulls(method, int(found[1] or 0), query, content)
        if path == "branches" and self.git:
            return 200, _branches(self.git)
        return 404, {"message": "Not Found"}

    def _comments_of(self, method: str, number: int, content: dict[str, Any]) -> Answer:
        if not 0 < number <= len(self.pulls):
            return 404, {"message": "Not Found"}
        if method == "GET":
            return 200, [comment for comment in self.comments if comment["number"] == number]
        if not content["body"] or len(content["body"]) > LONGEST:
            return 422, {"message": "Body is too long (maximum is 65536 characters)"}
        return 201, self.say(number, content["body"])

    def _comment(self, method: str, id_: int, content: dict[str, Any]) -> Answer:
        found = next((comment for comment in self.comments if comment["id"] == id_), None)
        if found is None:
            return 404, {"message": "Not Found"}
        if method == "DELETE":
            self.comments.remove(found)
            return 204, {}
        found["body"] = content["body"]
        return 200, found

    def _pulls(self, method: str, number: int, query: dict[str, str], content: dict[str, Any]) -> Answer:
        if method == "POST":
            return 201, self.pulls[self.open_pull(content["head"]) - 1]
        if method == "PATCH":
            self.pulls[number - 1]["state"] = content["state"]
            return 200, self.pulls[number - 1]
        found = [pull for pull in self.pulls if pull["state"] == query.get("state", "open")]
        return 200, [pull for pull in found if query.get("head") in (None, pull["head"]["label"])]

    def _page(self, path: str, query: dict[str, str], entries: list[Any]) -> tuple[list[Any], dict[str, str]]:
        size, page = min(int(query.get("per_page", "30")), 100), int(query.get("page", "1"))
        following = f'<{self.url}{path}?per_page={size}&page={page + 1}>; rel="next"'
        return entries[(page - 1) * size : page * size], {"Link": following} if len(entries) > page * size else {}


def _branches(directory: str) -> list[dict[str, Any]]:
    listing = subprocess.run(
        ["git", "-C", directory, "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return [
        {"name": name, "commit": {"sha": commit}}
        for name, _, commit in (line.partition(" ") for line in listing.splitlines())
    ]


def server_of(github: GitHub) -> ThreadingHTTPServer:
    """A server that answers for it, on a free port; its address is noted in `github.url`."""

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            content = json.loads(self.rfile.read(length) or "{}")
            known = self.headers.get("Authorization", "").split(" ")[-1] == github.token
            local = self.path in ("/faults", "/comments")
            denied = (401, {"message": "Bad credentials"}, {})
            status, told, headers = github.answer(self.command, self.path, content) if known or local else denied
            if status == 0:
                self.close_connection = True
                self.connection.close()
                return
            body = b"" if status == 204 else json.dumps(told).encode()
            self.send_response(status)
            for name, value in {
                **headers,
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_DELETE = _any  # noqa: N815  # what the base class looks for

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    github.url = f"http://127.0.0.1:{server.server_port}"
    return server


@contextmanager
def serve(github: GitHub) -> Iterator[GitHub]:
    """The host while it stands."""
    server = server_of(github)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield github
    finally:
        server.shutdown()
        server.server_close()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repository", default="acme/app")
    options.add_argument("--token", default="t0ken")
    options.add_argument("--git", help="the bare repository whose branches it has")
    github = GitHub(**vars(options.parse_args()))
    server = server_of(github)
    print(github.url, flush=True)  # noqa: T201
    server.serve_forever()


if __name__ == "__main__":
    main()
