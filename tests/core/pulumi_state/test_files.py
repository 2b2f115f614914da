import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tee_infra.core.pulumi_state.files import StackLock, read_stack_lock, stack_names, stacks_of_locks, state_folder

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def test_the_engines_own_copies_are_no_stacks() -> None:
    files = ("a.json", "a.json.bak", "a.json.attrs", "a.pulumi-tags", "b.json")
    assert stack_names(f"stacks/tee-infra/{file}" for file in files) == ["a", "b"]


def test_whose_locks_there_are() -> None:
    folder = "locks/organization/tee-infra"
    assert stacks_of_locks([f"{folder}/b/1.json", f"{folder}/a/2.json", f"{folder}/a/3.json.attrs"]) == ["a", "b"]


def lock(data: bytes | None = None, *, running: bool = False, alone: bool = False, **fields: Any) -> StackLock:
    facts = {"pid": 7, "username": "ann", "hostname": "here", "timestamp": "2026-12-01T11:00:00.123456789Z", **fields}
    data = json.dumps(facts).encode() if data is None else data
    return read_stack_lock(data, host="here", runs=lambda _: running, now=NOW, alone=alone)


def test_a_lock_says_whose_it_is_and_since_when() -> None:
    found = lock(timestamp="2026-12-01T12:00:00+01:00", running=True)
    assert found == StackLock(holder="ann on here, process 7", since=NOW - timedelta(hours=1), breakable=False)


PIPELINE = {"username": "runner", "hostname": "fv-az1125-168"}
OLD, YOUNG = "2026-12-01T10:59:59Z", "2026-12-01T11:00:00Z"


@pytest.mark.parametrize(
    ("fields", "breakable"),
    [
        ({}, True),
        ({"running": True}, False),
        ({"hostname": "elsewhere", "timestamp": OLD}, False),
        (PIPELINE | {"timestamp": OLD}, True),
        (PIPELINE | {"timestamp": YOUNG}, False),
        (PIPELINE | {"timestamp": "2026-12-02T00:00:00Z"}, False),
        (PIPELINE | {"timestamp": OLD, "hostname": "runnervmi13qx"}, True),
        (PIPELINE | {"timestamp": OLD, "hostname": "our-runner-1"}, False),
        (PIPELINE | {"timestamp": OLD, "username": "ann"}, False),
        # On the pipeline's own machine its processes tell more than its age.
        ({"username": "runner", "timestamp": OLD, "running": True}, False),
    ],
)
def test_a_lock_is_broken_only_where_its_writer_has_ended_beyond_doubt(fields: dict[str, Any], breakable: bool) -> None:
    assert lock(**fields).breakable is breakable


@pytest.mark.parametrize("data", [b"", b"{", b"null", b"[]", b"{}", b'{"pid": 1}', b"\xff"])
@pytest.mark.parametrize("alone", [True, False])
def test_a_lock_that_says_nothing_is_broken_only_where_no_other_machine_writes(data: bytes, alone: bool) -> None:
    found = lock(data, alone=alone)
    assert (found.breakable, found.since) == (alone, None)


@pytest.mark.parametrize(
    "fields",
    [{"pid": pid} for pid in (True, "7", 7.0, 0, -1, None, [])]
    + [{"username": 1}, {"hostname": ["here"]}, {"username": "runner", "hostname": 5, "timestamp": OLD}]
    + [{"timestamp": text} for text in ("9999-12-31T23:59:59-14:00", "2026-12-01", 1764547200, None)],
)
def test_a_lock_with_a_member_of_another_type_says_nothing(fields: dict[str, Any]) -> None:
    found = lock(**fields)
    assert (found.breakable, found.since) == (False, None)


def test_a_lock_of_deep_nesting_says_nothing() -> None:
    assert lock(b"[" * 100_000).breakable is False


@pytest.mark.parametrize(
    ("backend_url", "folder"),
    [
        ("s3://tee-state?region=eu-west-1&awssdk=v2", "s3://tee-state/.pulumi"),
        ("s3://tee-state/some/where/?region=eu-west-1", "s3://tee-state/some/where/.pulumi"),
        ("file:///srv/state", "/srv/state/.pulumi"),
        ("file://~", "~/.pulumi"),
        ("https://api.pulumi.com", None),
        ("", None),
    ],
)
def test_a_backend_tells_where_its_files_are(backend_url: str, folder: str | None) -> None:
    assert state_folder(backend_url) == folder
