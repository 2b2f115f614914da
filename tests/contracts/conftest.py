from tests.program.conftest import any_run

__all__ = ["any_run"]
