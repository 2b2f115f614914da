"""The user at the other end of a loopback connection, as the kernel knows it (Linux).

Pulumi's engine attaches to a provider without credentials, so the provider looks at who has connected. It asks for
each request: `sock_diag(7)` finds one connection in microseconds, where reading all of `/proc/net/tcp` takes
milliseconds. Other systems have neither: there the provider serves every user of the machine, and docs/local.md names
it.
"""

import errno
import os
import socket
import struct
import sys
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from tee_infra.local.pidfile import LOOPBACK

_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_SOCK_DIAG, _BY_FAMILY, _REQUEST = 4, 20, 1
_NO_COOKIE: Final = 0xFFFFFFFF
_ESTABLISHED: Final = 1
"""To the kernel a socket that its program has closed belongs to root, even if it was another user's."""


class ForeignPeerError(Exception):
    """The other end of the connection belongs to another user."""


def require_own_peer(peer: str, port: int) -> None:
    """Raise `ForeignPeerError` unless `peer` (gRPC's `ipv4:127.0.0.1:4711`) is a socket of this user or of root.

    `port` is this end's, on loopback.
    """
    if not _TABLES[0].exists():
        return
    _, _, address = unquote(peer).partition(":")
    host, _, peer_port = address.rpartition(":")
    owner = _owner(_as_ipv4(host.strip("[]")), int(peer_port), port)
    if owner not in (os.geteuid(), 0):
        raise ForeignPeerError("the embedded AWS serves only the user who started it")


def _owner(host: IPv4Address, peer_port: int, port: int) -> int | None:
    """The user of the connected socket at `host` and `peer_port`; None: there is none."""
    try:
        return _asked(host, peer_port, port)
    except OSError:  # a kernel without sock_diag
        return _listed(host, peer_port, port)


def _asked(host: IPv4Address, peer_port: int, port: int) -> int | None:
    """From the kernel's answer about this one socket (linux/inet_diag.h: `inet_diag_req_v2`, `inet_diag_msg`)."""
    ends = struct.pack("!HH16s16s", peer_port, port, host.packed, IPv4Address(LOOPBACK).packed)
    wanted = struct.pack("=BBBxI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0) + ends
    wanted += struct.pack("=III", 0, _NO_COOKIE, _NO_COOKIE)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as kernel:
        kernel.send(struct.pack("=IHHII", 16 + len(wanted), _BY_FAMILY, _REQUEST, 0, 0) + wanted)
        answer = kernel.recv(4096)
    _, kind = struct.unpack_from("=IH", answer)
    if kind != _BY_FAMILY:
        number = -struct.unpack_from("=i", answer, 16)[0]
        if number == errno.ENOENT:
            return None
        raise OSError(number, os.strerror(number))
    _, state, user = struct.unpack_from("=BB62xI", answer, 16)
    return user if state == _ESTABLISHED else None


def _listed(host: IPv4Address, peer_port: int, port: int) -> int | None:
    """From the tables of all sockets (proc(5)): local end, remote end, state, and in the eighth column the user."""
    wanted = {
        (f"{_hex(prefix + host.packed)}:{peer_port:04X}", f"{_hex(prefix + IPv4Address(LOOPBACK).packed)}:{port:04X}")
        for prefix in (b"", bytes(10) + b"\xff\xff")
    }
    rows = (line.split() for table in _TABLES if table.exists() for line in table.read_text().splitlines()[1:])
    return next((int(row[7]) for row in rows if (row[1], row[2]) in wanted and int(row[3], 16) == _ESTABLISHED), None)


def _as_ipv4(host: str) -> IPv4Address:
    """The kernel knows `::ffff:127.0.0.1` as 127.0.0.1. Raises `ForeignPeerError` for an address of no IPv4."""
    address = ip_address(host)
    mapped = address if isinstance(address, IPv4Address) else address.ipv4_mapped
    if mapped is None:
        raise ForeignPeerError("the embedded AWS listens on IPv4 only")
    return mapped


def _hex(packed: bytes) -> str:
    """As the kernel prints it: words of four bytes in the machine's order."""
    words = (packed[start : start + 4] for start in range(0, len(packed), 4))
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)
