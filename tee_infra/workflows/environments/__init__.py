"""Environments: `open` one, `list` them, `show` one, compare its `schema` with the catalog, `diff` two of them.

These write nothing. `reset` deletes the items of one and writes its seed: `backup` first, where its settings keep any.
"""
