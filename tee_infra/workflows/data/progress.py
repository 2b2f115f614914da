"""How long work reports what is done."""

from collections.abc import Callable

Progress = Callable[[str, int], None]
"""(what is worked on, how many more items are done)."""
