"""Stacks: the adapter over the Pulumi Automation API. One `Stack` is one environment."""

from tee_infra.stacks.backend import Backend, StackEntry
from tee_infra.stacks.errors import (
    EngineError,
    NoStackError,
    ProtectedError,
    SharedResourceError,
    StackLockedError,
    refusal,
)
from tee_infra.stacks.stack import Stack

__all__ = [
    "Backend",
    "EngineError",
    "NoStackError",
    "ProtectedError",
    "SharedResourceError",
    "Stack",
    "StackEntry",
    "StackLockedError",
    "refusal",
]
