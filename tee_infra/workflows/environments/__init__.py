"""Permanent environments: `open` one, `list` them, `show` one, compare its `schema`. None of them writes anything."""
