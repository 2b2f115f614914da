"""Processes of this machine."""

import getpass
import os
import socket

from tee_infra.core.lifecycle.actor import Actor, actor


def runs(process: int) -> bool:
    """Whether a process of this machine is running."""
    if process <= 0:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True  # a number that no process has says nothing about its holder
    return True


def this_actor() -> Actor:
    """The user and the machine of this process."""
    return actor(os.environ, _user(), socket.gethostname(), os.getpid())


def _user() -> str:
    """The user's name, or its number in a container without user names."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
