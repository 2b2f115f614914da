"""Stacks: the adapter over the Pulumi Automation API. One `Stack` is one environment."""

from tee_infra.stacks.errors import EngineError, NoStackError, ProtectedError, StackLockedError
from tee_infra.stacks.stack import Stack, StackEntry

__all__ = ["EngineError", "NoStackError", "ProtectedError", "Stack", "StackEntry", "StackLockedError"]
