"""One comment for each stack, whatever happens on the way to it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tee_infra.core.review.facts import marker
from tee_infra.scm.comments import open_pull_request, post_comment
from tee_infra.scm.github_api import GitHubApi, GitHubError, connect
from tests.support.github_stand_in import Fault, GitHub, serve

DEV, PROD = marker("tee-infra", "dev"), marker("tee-infra", "prod")
REPOSITORY = "acme/app"
COMMENTS = r".*/comments(/\d+)?"


@pytest.fixture
def github() -> Iterator[GitHub]:
    with serve(GitHub()) as host:
        host.open_pull("feature/new-auth")
        yield host


def api_of(host: GitHub) -> GitHubApi:
    api = connect(host.url, host.token)
    api.write_interval = 0.0
    return api


def post(host: GitHub, body: str, mark: str = DEV, **more: Any) -> list[float]:
    """Publish, and return the seconds that would have been waited."""
    waits: list[float] = []
    post_comment(api_of(host), REPOSITORY, 1, mark, f"{mark}\n{body}", pause=waits.append, **more)
    return waits


def test_the_first_makes_it_and_every_other_updates_it_in_place(github: GitHub) -> None:
    for body in ("first", "second", "third"):
        post(github, body)
    post(github, "of prod", PROD)
    assert github.bodies(1) == [f"{DEV}\nthird", f"{PROD}\nof prod"]


def test_what_says_the_same_already_is_left_alone(github: GitHub) -> None:
    post(github, "same")
    github.asked.clear()
    post(github, "same")
    assert {asked.split()[0] for asked in github.asked} == {"GET"}


@pytest.mark.parametrize("place", [0, 150, 249])
def test_it_is_found_on_whichever_page_it_is(github: GitHub, place: int) -> None:
    for number in range(250):
        github.say(1, f"{DEV}\nold" if number == place else f"what do you think? {number}", association="MEMBER")
    post(github, "new")
    assert len(github.bodies(1)) == 250
    assert github.bodies(1)[place] == f"{DEV}\nnew"
    pages = [asked for asked in github.asked if asked.startswith("GET") and "page=3" in asked]
    assert len(pages) == 1


def test_of_several_the_oldest_stays(github: GitHub) -> None:
    ids = [github.say(1, f"{DEV}\n{name}")["id"] for name in ("a", "b", "c")]
    github.say(1, f"{PROD}\nof prod")
    post(github, "new")
    assert [(comment["id"], comment["body"]) for comment in github.comments] == [
        (ids[0], f"{DEV}\nnew"),
        (ids[2] + 1, f"{PROD}\nof prod"),
    ]


@pytest.mark.parametrize("body", [f"> {DEV}", f"look: {DEV}", f" {DEV}", "", None])
def test_a_comment_that_only_mentions_the_marker_is_somebodys_own(github: GitHub, body: str | None) -> None:
    github.say(1, body)  # pyright: ignore[reportArgumentType]
    post(github, "new")
    assert github.bodies(1) == [body, f"{DEV}\nnew"]


def test_nobody_outside_can_put_a_comment_in_its_place(github: GitHub) -> None:
    """Whoever wrote a comment can change it again, to something green."""
    mallory = {"login": "mallory", "type": "User"}
    github.say(1, f"{DEV}\nall fine", mallory, "CONTRIBUTOR")
    post(github, "new")
    post(github, "newer")
    assert github.bodies(1) == [f"{DEV}\nall fine", f"{DEV}\nnewer"]


@pytest.mark.parametrize("association", ["OWNER", "MEMBER", "COLLABORATOR"])
def test_a_person_with_write_access_can_have_posted_it(github: GitHub, association: str) -> None:
    github.say(1, f"{DEV}\nby hand", {"login": "ann", "type": "User"}, association)
    post(github, "new")
    assert github.bodies(1) == [f"{DEV}\nnew"]


@pytest.mark.parametrize(
    ("fault", "waits"),
    [
        (Fault(status=429, headers={"Retry-After": "7"}), [7]),
        (Fault(status=403, headers={"Retry-After": "9"}, message="You have exceeded a secondary rate limit"), [9]),
        (Fault(status=403, message="You have exceeded a secondary rate limit"), [60]),
        (Fault(status=403, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}), [0]),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_a_limit_is_waited_for(github: GitHub, fault: Fault, waits: list[float], method: str) -> None:
    if method == "PATCH":
        github.say(1, f"{DEV}\nold")
    github.faults.append(Fault(**vars(fault) | {"method": method, "path": COMMENTS}))
    assert post(github, "new") == waits
    assert github.bodies(1) == [f"{DEV}\nnew"]


@pytest.mark.parametrize("status", [500, 502, 503, 0])
def test_an_answer_that_got_lost_makes_no_second_comment(github: GitHub, status: int) -> None:
    """The comment was made, and nobody was told so."""
    github.faults += [Fault(method="POST", status=status, lost=True)]
    assert len(post(github, "new")) == 1
    assert github.bodies(1) == [f"{DEV}\nnew"]


@pytest.mark.parametrize("status", [500, 0])
def test_an_update_that_fails_is_tried_again(github: GitHub, status: int) -> None:
    github.say(1, f"{DEV}\nold")
    github.faults += [Fault(method="PATCH", status=status), Fault(method="PATCH", status=status)]
    assert len(post(github, "new")) == 2
    assert github.bodies(1) == [f"{DEV}\nnew"]


def test_a_comment_that_is_deleted_meanwhile_is_made_again(github: GitHub) -> None:
    github.say(1, f"{DEV}\nold")
    github.faults.append(Fault(method="PATCH", status=404))
    assert len(post(github, "new")) == 1
    assert github.bodies(1) == [f"{DEV}\nnew"]


def test_two_at_once_end_with_one_comment(github: GitHub) -> None:
    """Both find none, and both make one before either looks again."""
    github.faults += [Fault(method="POST", status=201, lost=True, seconds=0.5)] * 2
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda number: post(github, f"run {number}"), range(2)))
    assert len([asked for asked in github.asked if asked.startswith("POST")]) == 2
    assert len(github.bodies(1)) == 1


def test_patience_ends(github: GitHub) -> None:
    github.faults.append(Fault(status=403, headers={"Retry-After": "3600"}))
    with pytest.raises(GitHubError, match="403"):
        post(github, "new")
    assert github.bodies(1) == []


def test_a_host_that_stays_broken_is_given_up(github: GitHub) -> None:
    github.faults += [Fault(method="GET", status=0)] * 50
    with pytest.raises(GitHubError):
        post(github, "new")
    assert len(github.asked) == 8


@pytest.mark.parametrize("status", [401, 403, 404, 410, 422])
def test_what_will_not_pass_is_not_tried_again(github: GitHub, status: int) -> None:
    github.faults.append(Fault(method="POST", status=status, message="Resource not accessible by integration"))
    with pytest.raises(GitHubError, match=f"{status} Resource not accessible"):
        post(github, "new")
    assert len([asked for asked in github.asked if asked.startswith("POST")]) == 1


def test_a_pull_request_that_is_not_there_is_said(github: GitHub) -> None:
    with pytest.raises(GitHubError, match="/repos/acme/app/issues/9/comments: 404 Not Found"):
        post_comment(api_of(github), REPOSITORY, 9, DEV, DEV)


def test_the_oldest_open_pull_request_of_a_branch_is_found(github: GitHub) -> None:
    api = api_of(github)
    assert open_pull_request(api, REPOSITORY, "feature/new-auth") == 1
    assert open_pull_request(api, REPOSITORY, "feature/other") is None
    github.open_pull("feature/other", owner="mallory")
    assert open_pull_request(api, REPOSITORY, "feature/other") is None
    github.open_pull("feature/new-auth")
    assert open_pull_request(api, REPOSITORY, "feature/new-auth") == 1
    github.pulls[0]["state"] = "closed"
    assert open_pull_request(api, REPOSITORY, "feature/new-auth") == 3
