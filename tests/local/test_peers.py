"""Who is at the other end of a connection to the provider."""

import errno
import os
import signal
import socket
from collections.abc import Iterator

import pytest

from tee_infra.local import peers
from tee_infra.local.peers import ForeignPeerError, require_own_peer


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture(params=["sock_diag", "proc"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to ask the kernel."""
    if request.param == "proc":

        def unavailable(*_: object) -> None:
            raise OSError(errno.EPROTONOSUPPORT, "Protocol not supported")

        monkeypatch.setattr(peers, "_asked", unavailable)


pytestmark = pytest.mark.usefixtures("way")


def port_of(end: socket.socket) -> int:
    return end.getsockname()[1]


@pytest.mark.parametrize("kind", ["ipv4:127.0.0.1:{}", "ipv6:[::ffff:127.0.0.1]:{}", "ipv6:%5B::ffff:127.0.0.1%5D:{}"])
def test_a_connection_of_this_user_is_served(listener: socket.socket, kind: str) -> None:
    with socket.create_connection(listener.getsockname()) as connection:
        require_own_peer(kind.format(port_of(connection)), port_of(listener))


@pytest.mark.allow_hosts(["::ffff:127.0.0.1"])
def test_one_through_ipv6_is_served(listener: socket.socket) -> None:
    with socket.socket(socket.AF_INET6) as connection:
        connection.connect(("::ffff:127.0.0.1", port_of(listener)))
        require_own_peer(f"ipv6:[::ffff:127.0.0.1]:{port_of(connection)}", port_of(listener))


@pytest.mark.parametrize("peer", ["ipv4:127.0.0.1:1", "ipv4:10.0.0.1:4711", "ipv6:[::1]:4711"])
def test_one_that_is_not_known_is_refused(listener: socket.socket, peer: str) -> None:
    with pytest.raises(ForeignPeerError):
        require_own_peer(peer, port_of(listener))


def test_one_to_another_port_is_refused(listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname()) as connection, pytest.raises(ForeignPeerError):
        require_own_peer(f"ipv4:127.0.0.1:{port_of(connection)}", port_of(listener) - 1)


def test_one_that_was_closed_after_its_request_is_refused(listener: socket.socket) -> None:
    """To the kernel it belongs to root then, even if it was another user's."""
    with socket.create_connection(listener.getsockname()) as connection:
        served, _ = listener.accept()
        port = port_of(connection)
    with served, pytest.raises(ForeignPeerError):
        require_own_peer(f"ipv4:127.0.0.1:{port}", port_of(listener))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_one_of_another_user_is_refused(listener: socket.socket) -> None:
    child = os.fork()
    if child == 0:
        os.setuid(12345)
        connection = socket.create_connection(listener.getsockname())
        signal.pause()
        connection.close()
        os._exit(0)
    try:
        _, (_, port) = listener.accept()
        with pytest.raises(ForeignPeerError):
            require_own_peer(f"ipv4:127.0.0.1:{port}", port_of(listener))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
