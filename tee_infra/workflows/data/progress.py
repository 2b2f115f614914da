"""How long work reports what is done."""

from collections.abc import Callable

Progress = Callable[[str, int], None]
"""(task, number of further items done)."""
