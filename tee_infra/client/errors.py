"""The client's errors. All say whether a write was sent."""


class SlotTablesError(Exception):
    """The tables of the open slot cannot be used now."""


class WritesHeldError(SlotTablesError):
    """A write was not sent, because the environment's writes are held: during a switch, or without a fresh pointer."""


class PointerUnreadableError(SlotTablesError):
    """The pointer was never read, so the open slot is unknown, for reads as well."""
