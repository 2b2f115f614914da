"""Errors become exit codes in one place, one line each, and a traceback only where it was asked for."""

import inspect
import sys
from collections.abc import Callable

import click
import pytest

from tee_infra import cli, errors
from tee_infra.cli.root import root
from tee_infra.errors import TeeInfraError

CODES = {
    errors.TeeInfraError: 1,
    errors.RemoteError: 1,
    errors.UsageError: 2,
    errors.RefusedError: 3,
    errors.BusyError: 4,
    errors.PartialError: 5,
}

Failing = Callable[[BaseException], None]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    """Makes the root command raise."""

    def install(error: BaseException) -> None:
        def raise_it(**_: object) -> None:
            raise error

        monkeypatch.setattr(root, "main", raise_it)
        monkeypatch.setattr(sys, "argv", ["tee-infra", "up"])

    return install


def exit_code() -> int | str | None:
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


@pytest.mark.parametrize(("kind", "code"), CODES.items(), ids=lambda value: getattr(value, "__name__", str(value)))
def test_each_class_of_error_has_its_code(
    failing: Failing, capsys: pytest.CaptureFixture[str], kind: type[TeeInfraError], code: int
) -> None:
    failing(kind("what was wrong; type this next"))
    assert exit_code() == code
    assert capsys.readouterr().err == "error: what was wrong; type this next\n"


def test_every_class_of_error_is_in_the_contract() -> None:
    found = {error for _, error in inspect.getmembers(errors, inspect.isclass) if issubclass(error, TeeInfraError)}
    assert found == CODES.keys()


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (click.Abort(), 130, "interrupted"),
        (click.UsageError("no such option"), 2, "no such option"),
        (ValueError("two\nlines"), 1, "error: ValueError: two lines. Add --debug to print the traceback"),
    ],
)
def test_nothing_else_shows_a_traceback(
    failing: Failing, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    failing(error)
    assert exit_code() == code
    printed = capsys.readouterr().err
    assert said in printed
    assert "Traceback" not in printed


def test_debug_shows_the_traceback(failing: Failing, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(ValueError("x"))
    monkeypatch.setattr(sys, "argv", ["tee-infra", "--debug", "up"])
    with pytest.raises(ValueError, match="x"):
        cli.main()


def test_success_is_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root, "main", lambda **_: None)
    assert exit_code() == 0
