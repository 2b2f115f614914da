"""The npm package of the tests: locked, and free of where it was once downloaded from."""

import json

from tests.iam.simulator import NODE


def test_the_lock_names_no_host_and_every_checksum() -> None:
    text = (NODE / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]

    assert "://" not in text
    assert all("integrity" in package for path, package in packages.items() if path)


def test_versions_are_exact() -> None:
    for version in json.loads((NODE / "package.json").read_text())["dependencies"].values():
        assert version[0].isdigit()
