"""A list of branches is believed only if it can be one: all else is refused."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tee_infra.core.lifecycle.branches import Branches, unbelievable
from tee_infra.core.names import branch_problem, ref_problem
from tee_infra.workflows.cleanup.live_branches import BranchesFileError, read_branches, trunks
from tests.support.git_repositories import Clone, clone_in

REGISTERED = ["feature/a", "feature/b", "feature/ü"]
LIST = "main\nfeature/a\nfeature/b\n"

STRANGE = {
    "empty": "",
    "blank lines": "\n \n\t\r\n",
    "git branch": "* main\n  feature/a\n  feature/b\n",
    "git branch, detached": "* (HEAD detached at 1234567)\nmain\n",
    "git branch --all": "main\nremotes/origin/HEAD -> origin/main\nremotes/origin/main\n",
    "git branch --remotes": "origin/main\norigin/feature/a\norigin/feature/b\n",
    "a remote in a list of branches": "main\norigin/feature/a\n",
    "another remote": "upstream/main\nupstream/feature/a\nupstream/feature/b\n",
    "another remote in a list of branches": "main\nupstream/main\nupstream/feature/a\nupstream/feature/b\n",
    "HEAD": "HEAD\nmain\n",
    "an arrow": "HEAD -> origin/main\nmain\n",
    "full refs of remotes": "refs/remotes/origin/main\nrefs/remotes/origin/feature/a\n",
    "full refs and names": "main\nrefs/heads/feature/a\n",
    "full refs of tags": "refs/heads/main\nrefs/tags/v1\n",
    "a prefix twice": "refs/heads/main\nrefs/heads/refs/heads/feature/a\n",
    "heads without refs": "heads/main\nheads/feature/a\n",
    "ls-remote": f"{'c' * 40}\trefs/heads/main\n",
    "commits": f"{'c' * 40}\n{'d' * 40}\n",
    "packed-refs": f"# pack-refs with: peeled\n{'c' * 40} refs/heads/main\n",
    "git branch -vv": "main 1234567 [origin/main] say so\n",
    "tags": "v1.0\nv1.1\n",
    "web addresses": "main\nfeature%2Fa\nfeature%2Fb\n",
    "decomposed accents": "main\nfeature/a\nfeature/u\u0308\n",
    "environments": "feature-a\nfeature-b\n",
    "another repository": "trunk\nfix/other\n",
    "JSON": '["main", "feature/a"]\n',
    "JSON in lines": '[\n"main",\n"feature/a"\n]\n',
    "JSON of names": '"main"\n"feature/a"\n',
    "JSON without its brackets": '"main",\n"feature/a",\nmain\n',
    "JSON of GitHub": '[{"name":"main","commit":{"sha":"c"}}]',
    "JSON lines": '{"name":"main"}\n{"name":"feature/a"}\n',
    "null": "null\n",
    "YAML": "- main\n- feature/a\n",
    "a YAML list": "branches:\nmain\n",
    "commas": "main,feature/a,feature/b\n",
    "commas at the ends": "feature/a,\nmain\n",
    "quotes of a shell": "'main'\n'feature/a'\nmain\n",
    "quotes of git": 'main\n"feature/\\303\\274"\n',
    "HTML": "<!DOCTYPE html>\n<html>\nmain\n</html>\n",
    "HTML in lines": "<html>\nmain\n</html>\n",
    "an error": "fatal: not a git repository\n",
    "an error in the list": "main\nfatal: the remote end hung up unexpectedly\n",
    "an option": "--all\nmain\n",
    "a path": "/main\nfeature/a/\n",
    "a parent": "../main\nfeature/a\n",
    "a lock file": "main.lock\nfeature/a\n",
    "a lock file on the way": "main\nfeature.lock/a\n",
    "a hidden file": "main\nfeature/.a\n",
    "globs": "main\nfeature/*\n",
    "a revision": "main~1\nfeature/a^\n",
    "reflog": "main\nfeature/a@{1}\n",
    "NUL between names": "main\0feature/a\0",
    "NUL after the list": LIST + "\0",
    "old line ends": "main\rfeature/a\r",
    "escape sequences": "\x1b[32mmain\x1b[m\n",
    "no-break spaces": "main\nfeature/a\u00a0\n",
    "line separators": "main\u2028feature/a\n",
    "a byte order mark inside": "main\n\ufefffeature/a\n",
    "a damaged character": "main\nfeature/\ufffd\n",
    "UTF-16": LIST.encode("utf-16"),
    "UTF-16 without its mark": LIST.encode("utf-16-le"),
    "UTF-16, the other end": LIST.encode("utf-16-be"),
    "UTF-32": LIST.encode("utf-32"),
    "Latin-1": "main\nfeature/ü\n".encode("latin-1"),
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
    "a surrogate in UTF-8": b"main\nfeature/\xed\xa0\x80\n",
}  # fmt: skip


@pytest.mark.parametrize("content", STRANGE.values(), ids=STRANGE)
def test_what_cannot_be_the_list_is_refused_in_a_line(tmp_path: Path, content: str | bytes) -> None:
    file = tmp_path / "branches"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    said = refusal(file)
    assert said
    assert "\n" not in said


def refusal(file: Path) -> str | None:
    """Why a list is refused: by itself, or for a repository with these branches."""
    try:
        return unbelievable(read_branches(file), REGISTERED)
    except BranchesFileError as error:
        return str(error)


@pytest.mark.parametrize(
    "content",
    [
        LIST,
        LIST.replace("\n", "\r\n"),
        f"\ufeff  {LIST}\n\n",
        "".join(f"refs/heads/{line}\n" for line in LIST.splitlines()),
        "master\n",
        "fix/other\nfeature/b",
        "main\nfeature/sp'ace\"quote\nfeature/$(id)\nfeature/-dash\nfeature/ünï-日本\nfeature/a/refs/heads/b\n",
        "main\nupstream/feature/c\nrelease/main\n",
    ],
)
def test_a_list_that_can_be_one_is_believed(tmp_path: Path, content: str) -> None:
    file = tmp_path / "branches"
    file.write_text(content, newline="")
    branches = read_branches(file)
    assert unbelievable(branches, REGISTERED) is None
    assert set(branches.heads) == {line.removeprefix("refs/heads/") for line in content.strip("\ufeff").split()}


def test_a_default_branch_of_another_name_is_known_from_the_checkout_or_from_github(tmp_path: Path) -> None:
    clone: Clone = clone_in(tmp_path)
    branches = Branches(source="the test", heads={"trunk": None})
    assert trunks(clone.directory, {}) >= {"main", "master"}
    assert unbelievable(branches, REGISTERED)
    clone.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    for directory, environ in ((clone.directory, {}), (tmp_path, {"GITHUB_REF": "refs/heads/trunk"})):
        known = Branches(source="the test", heads=branches.heads, trunks=trunks(directory, environ))
        assert unbelievable(known, REGISTERED) is None
    assert "7/merge" not in trunks(tmp_path, {"GITHUB_REF": "refs/pull/7/merge"})


def test_a_list_of_a_repository_without_environments_decides_nothing() -> None:
    assert unbelievable(Branches(source="the test", heads={"trunk": None}), []) is None


PARTS = st.sampled_from([*"ab.@{}/~^:?*[\\- \x7f\x01\u00a0é", ".lock", "HEAD", "refs/"])
NAMES = st.lists(PARTS, max_size=8).map("".join)


@settings(max_examples=1)
@given(st.lists(NAMES, min_size=150, max_size=150))
def test_names_are_judged_as_git_judges_them(some: list[str]) -> None:
    """One process for all names: a shell asks git about each of its arguments."""
    fixed = ["", "a", "-a", "--yes", "@", "a@{1}", ".a", "a/.b", "a.lock", "a.lock/b", "a.", "a..b", "a//b", "/a", "a/"]
    asked = [*fixed, *some]
    script = 'for name; do git check-ref-format "refs/heads/$name" && echo yes || echo no; done'
    command = ["sh", "-c", script, "sh", *asked]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ).stdout.split()
    blank = [not name.strip() for name in asked]  # git allows spaces of other scripts; no shell variable means one
    assert [ref_problem(name) is None for name in asked] == [
        word == "yes" and not empty for word, empty in zip(said, blank, strict=True)
    ]
    assert not [name for name in asked if ref_problem(name) and not branch_problem(name)]
