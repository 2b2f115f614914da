import socket
from pathlib import Path

import pytest

from tee_infra.local import ports
from tee_infra.local.credentials import Credentials
from tee_infra.local.errors import NoFreePortError, PortInUseError


@pytest.fixture
def taken() -> socket.socket:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener


def port_of(listener: socket.socket) -> int:
    return listener.getsockname()[1]


def test_asked_port_that_is_taken_is_refused_by_name(tmp_path: Path, taken: socket.socket) -> None:
    port = port_of(taken)
    with pytest.raises(PortInUseError, match=rf"port {port} .* in use .*--port {port + 2}"):
        ports.choose(tmp_path, port)


def test_asked_port_whose_neighbour_is_taken_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_free", lambda port: port != 4712)
    with pytest.raises(PortInUseError, match=r"port 4712 .* \(the provider needs the port after 4711\)"):
        ports.choose(tmp_path, 4711)


def test_port_used_before_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_free", lambda _port: True)
    ports.remember(tmp_path, 4711)
    assert ports.choose(tmp_path, None) == 4711


def test_port_used_before_but_taken_meanwhile_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_free", lambda port: port not in {4711, ports.FIRST_PORT + 1})
    ports.remember(tmp_path, 4711)
    assert ports.choose(tmp_path, None) == ports.FIRST_PORT + 2


@pytest.mark.parametrize("remembered", ["", "many"])
def test_unreadable_memory_of_a_port_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remembered: str) -> None:
    monkeypatch.setattr(ports, "_free", lambda _port: True)
    (tmp_path / "port").write_text(remembered)
    assert ports.choose(tmp_path, None) == ports.FIRST_PORT


def test_no_pair_free_names_the_range(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_free", lambda _port: False)
    with pytest.raises(NoFreePortError, match=f"from {ports.FIRST_PORT} to {ports.LAST_PORT}"):
        ports.choose(tmp_path, None)


def test_a_pair_lost_between_look_and_bind_is_not_chosen_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_free", lambda _port: True)
    assert ports.choose(tmp_path, None, without={ports.FIRST_PORT}) == ports.FIRST_PORT + 2
    with pytest.raises(PortInUseError, match="4711"):
        ports.choose(tmp_path, 4711, without={4711})


def test_a_race_is_lost_with_one_exit_code_wherever_it_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    from tee_infra.local import server

    def lost(port: int) -> object:
        with pytest.raises(SystemExit) as ended:
            server._listen(port)
        return ended.value.code

    with socket.socket() as rival:
        rival.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        rival.bind(("127.0.0.1", 0))

        class Late(socket.socket):
            """Both have bound the port when the rival listens first."""

            def bind(self, address: tuple[str, int]) -> None:
                super().bind(address)
                rival.listen()

        monkeypatch.setattr(server.socket, "socket", Late)
        assert lost(port_of(rival)) == ports.PORT_TAKEN, "in listen"
        assert lost(port_of(rival)) == ports.PORT_TAKEN, "in bind"
        with pytest.raises(SystemExit) as ended:
            server._serve_provider("http://127.0.0.1:1", port_of(rival), Credentials("a", "b"))
        assert ended.value.code == ports.PORT_TAKEN, "of the provider"
