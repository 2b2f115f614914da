"""The user at the other end of a loopback connection, from the kernel's tables (Linux, proc(5): `/proc/net/tcp`).

Pulumi's engine attaches to a provider without credentials, so the provider looks at who has connected. Other systems
have no such table: there the provider serves every user of the machine, and docs/local.md names it.
"""

import os
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import unquote

_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


class ForeignPeerError(Exception):
    """The other end of the connection belongs to another user."""


def require_own_peer(peer: str) -> None:
    """Raise `ForeignPeerError` unless `peer` (gRPC's `ipv4:127.0.0.1:4711`) is a socket of this user or of root."""
    if not _TABLES[0].exists():
        return
    _, _, address = unquote(peer).partition(":")
    host, _, port = address.rpartition(":")
    owners = _owners(ip_address(host.strip("[]")).packed, int(port))
    if not owners or not owners <= {os.geteuid(), 0}:
        raise ForeignPeerError("the embedded AWS serves only the user who started it")


def _owners(host: bytes, port: int) -> set[int]:
    """The users of the sockets whose local end this is."""
    ends = {f"{_hex(packed)}:{port:04X}" for packed in (host, _mapped(host))}
    rows = (line.split() for table in _TABLES if table.exists() for line in table.read_text().splitlines()[1:])
    return {int(row[7]) for row in rows if row[1] in ends}


def _mapped(host: bytes) -> bytes:
    return bytes(10) + b"\xff\xff" + host if len(host) == len(bytes(4)) else host[-4:]


def _hex(packed: bytes) -> str:
    """As the kernel prints it: words of four bytes in the machine's order."""
    words = (packed[start : start + 4] for start in range(0, len(packed), 4))
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)
