"""A change of items on their way from one table to another."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from tee_infra.core.codec.raw_items import RawItem

Transform: TypeAlias = Callable[[Sequence[RawItem]], Sequence[RawItem]]
"""A function of a page's items: the same input always gives the same output, and it may leave out items. No two
results may have the same key."""
