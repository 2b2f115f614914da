"""The npm package of the tests: locked, and free of where it was once downloaded from."""

import json

import pytest

from tests.support.iam_simulator import NODE, install_node_tools


def test_the_lock_names_no_host_and_every_checksum() -> None:
    text = (NODE / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]

    assert "://" not in text
    assert all("integrity" in package for path, package in packages.items() if path)


def test_versions_are_exact() -> None:
    for version in json.loads((NODE / "package.json").read_text())["dependencies"].values():
        assert version[0].isdigit()


def test_without_node_it_says_what_was_not_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="NOT TESTED"):
        install_node_tools()


def test_in_ci_it_fails_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="NOT TESTED"):
        install_node_tools()
