"""GitHub's list of branches is the whole list, or there is none."""

import json
import socket
import time
from collections.abc import Iterator

import pytest

from tee_infra.core.lifecycle.branches import Branches
from tee_infra.scm import github_api
from tee_infra.scm.branches import github_branches
from tee_infra.scm.github_api import GitHubError
from tests.support.branch_pages import COMMIT, Answer, Pages, branch, pull, serve


@pytest.fixture
def pages() -> Iterator[Pages]:
    found = Pages()
    with serve(found):
        yield found


def ask(pages: Pages) -> Branches:
    return github_branches("acme/app", pages.url, "t0ken")


def numbered(count: int) -> list[dict[str, object]]:
    return [branch(f"feature/{number:03}") for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_every_page_is_read(pages: Pages, count: int) -> None:
    pages.branches = numbered(count)
    assert ask(pages).heads == {f"feature/{number:03}": COMMIT for number in range(count)}


def test_pull_requests_of_forks_are_not_about_our_branches(pages: Pages) -> None:
    pages.branches = numbered(3)
    pages.pulls = [pull("feature/000"), pull("feature/001", "mallory/app"), pull("feature/002", None)]
    assert ask(pages).in_review == {"feature/000"}


def test_the_repository_is_the_same_in_any_case(pages: Pages) -> None:
    pages.pulls = [pull("feature/000", "Acme/App")]
    assert ask(pages).in_review == {"feature/000"}


def test_all_pages_of_pull_requests_are_read(pages: Pages) -> None:
    pages.pulls = [pull(f"feature/{number:03}") for number in range(230)]
    assert len(ask(pages).in_review) == 230


def test_a_branch_that_shifts_between_two_pages_is_not_lost(pages: Pages) -> None:
    pages.branches = numbered(150)
    deleted: list[object] = []

    def delete_one(path: str, page: int) -> None:
        if path.endswith("/branches") and page == 2 and not deleted:
            deleted.append(pages.branches.pop(0))

    pages.before = delete_one
    assert set(ask(pages).heads) == {f"feature/{number:03}" for number in range(1, 150)}


def test_a_list_that_never_stands_still_is_none(pages: Pages) -> None:
    pages.branches = numbered(150)
    pages.before = lambda path, page: pages.branches.append(branch(f"feature/{len(pages.branches)}"))
    with pytest.raises(GitHubError, match="changed during each of 5 readings"):
        ask(pages)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((401, b'{"message": "Bad credentials"}'), "401 Bad credentials"),
        ((403, b'{"message": "API rate limit exceeded for 1.2.3.4"}'), "403 API rate limit exceeded"),
        ((404, b'{"message": "Not Found"}'), "branches: 404"),
        ((502, b"<html>Bad gateway</html>"), "branches: 502"),
        ((200, b'[{"name": "feature/x", "comm'), "branches: "),
        ((200, b""), "page 2 is not a list of objects"),
        ((200, b"null"), "page 2 is not a list of objects"),
        ((200, b"<html>Log in</html>"), "page 2 is not a list of objects"),
        ((200, b'["feature/x"]'), "page 2 is not a list of objects"),
        ((200, b'[{"name": "feature/x"}]'), "has no commit.sha"),
        ((200, b'[{"name": "feature/x", "commit": null}]'), "has no commit.sha"),
        ((200, b'[{"name": "", "commit": {"sha": "c"}}]'), "has '' for name"),
        ((200, b'[{"name": "a b", "commit": {"sha": "c"}}]'), "contains 'a b': git does not allow"),
        ((200, b'[{"name": "main\\u0000", "commit": {"sha": "c"}}]'), "git does not allow"),
        ((200, b'[{"name": "feature/\\ud800", "commit": {"sha": "c"}}]'), "git does not allow"),
    ],
)  # fmt: skip
def test_a_page_that_fails_is_the_end_of_it(pages: Pages, answer: Answer, said: str) -> None:
    pages.branches = numbered(150)
    pages.before = lambda path, page: answer if page == 2 else None
    began = time.monotonic()
    with pytest.raises(GitHubError, match=said) as raised:
        ask(pages)
    assert time.monotonic() - began < 30
    assert "t0ken" not in str(raised.value)


def test_a_full_page_that_names_no_next_one_is_not_taken_for_the_last(pages: Pages) -> None:
    pages.branches = numbered(150)
    first = json.dumps(numbered(100)).encode()
    pages.before = lambda path, page: (200, first) if (path, page) == ("/repos/acme/app/branches", 1) else None
    assert len(ask(pages).heads) == 150


def test_an_overloaded_host_is_asked_again(pages: Pages) -> None:
    pages.branches = numbered(3)
    pages.before = lambda path, page: (503, b"") if len(pages.asked) < 3 else None
    assert len(ask(pages).heads) == 3


def test_a_host_that_repeats_itself_is_not_asked_for_ever(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(github_api, "MOST_PAGES", 3)
    pages.before = lambda path, page: (200, json.dumps(numbered(100)).encode())
    with pytest.raises(GitHubError, match="more than 3 pages"):
        ask(pages)


def test_a_host_that_is_silent_or_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(github_api, "SECONDS", 1)
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with pytest.raises(GitHubError, match="timed out"):
            github_branches("acme/app", f"http://127.0.0.1:{silent.getsockname()[1]}", "t0ken")
        assert time.monotonic() - began < 3
        port = silent.getsockname()[1]
    with pytest.raises(GitHubError, match="refused"):
        github_branches("acme/app", f"http://127.0.0.1:{port}", "t0ken")


@pytest.mark.parametrize("url", ["api.github.com", "", "ftp://host"])
def test_what_is_no_address_is_said(url: str) -> None:
    with pytest.raises(GitHubError, match="is not an address"):
        github_branches("acme/app", url, "t0ken")
