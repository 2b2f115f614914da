"""The client's errors. All say whether a write was sent."""


class SlotTablesError(Exception):
    """The tables of the open slot cannot be used now."""


class WritesHeldError(SlotTablesError):
    """A write was not sent, because the environment's writes are held: during a switch, or without a fresh pointer."""


class PointerUnreadableError(SlotTablesError):
    """The pointer was never read, so the open slot is unknown, for reads as well."""


class WriteUncertainError(SlotTablesError):
    """A write was sent, and answered only after a switch may have closed its slot: it may not be in the open slot."""
