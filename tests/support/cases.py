"""Many small cases in one test: pytest and its workers take 7 ms for each test, more than such a case."""

from collections.abc import Callable, Iterable
from typing import Any


def every(cases: Iterable[Any], name: Callable[[Any], str] = str) -> Callable[[Callable[[Any], None]], Any]:
    """Make a test of one that takes a case; it runs all of them and fails with each that fails, by its name."""

    def decorate(test: Callable[[Any], None]) -> Callable[[], None]:
        def run_every_case() -> None:
            failed: list[Exception] = []
            for number, case in enumerate(cases):
                try:
                    test(case)
                except Exception as error:  # each failure is reported
                    error.add_note(f"case {number}: {name(case)}")
                    failed.append(error)
            if failed:
                raise ExceptionGroup("; ".join(f"{error.__notes__[-1]}: {error}" for error in failed), failed)

        run_every_case.__doc__ = test.__doc__
        run_every_case.__name__ = test.__name__
        return run_every_case

    return decorate
