"""A change of items on their way from one table to another."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from tee_infra.core.codec.raw_items import RawItem

Transform: TypeAlias = Callable[[Sequence[RawItem]], Sequence[RawItem]]
"""What happens to the items of a page on the way: the same items always become the same ones, and some may be left
out. No two may get the same key."""
