"""Who is at the other end of a connection to the provider."""

import os
import signal
import socket
from collections.abc import Iterator

import pytest

from tee_infra.local.peers import ForeignPeerError, require_own_peer


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.mark.parametrize("kind", ["ipv4:127.0.0.1:{}", "ipv6:[::ffff:127.0.0.1]:{}", "ipv6:%5B::ffff:127.0.0.1%5D:{}"])
def test_a_connection_of_this_user_is_served(listener: socket.socket, kind: str) -> None:
    with socket.create_connection(listener.getsockname()) as connection:
        require_own_peer(kind.format(connection.getsockname()[1]))


def test_one_that_is_not_known_is_refused() -> None:
    with pytest.raises(ForeignPeerError):
        require_own_peer("ipv4:127.0.0.1:1")


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
            require_own_peer(f"ipv4:127.0.0.1:{port}")
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
