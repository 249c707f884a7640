"""A socket is listened at or not, whatever a former listener left behind; the environment says which is Dagster's."""

import socket
from pathlib import Path

import pytest

from macro_cycle.platform.sockets import CODE_HOST, CODE_PORT, CODE_SOCKET, code_server, is_listened_at, socket_path


def test_a_path_without_a_listener_is_not_listened_at(tmp_path):
    path = str(tmp_path / "a.sock")
    assert not is_listened_at(path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        assert not is_listened_at(path)
        listener.listen()
        assert is_listened_at(path)
    assert Path(path).exists()
    assert not is_listened_at(path)


def test_a_port_is_listened_at_while_somebody_does():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = listener.getsockname()
        assert not is_listened_at(address)
        listener.listen()
        assert is_listened_at(address)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({CODE_SOCKET: "/run/code.sock"}, "/run/code.sock"),
        ({CODE_PORT: "4000"}, ("127.0.0.1", 4000)),
        ({CODE_HOST: "dagster-code", CODE_PORT: "4000"}, ("dagster-code", 4000)),
    ],
)
def test_the_environment_says_where_the_code_server_listens(environment, expected, monkeypatch):
    for name in (CODE_SOCKET, CODE_HOST, CODE_PORT):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert code_server() == expected


def test_a_socket_s_path_is_short_and_its_home_s_own(tmp_path):
    deep = tmp_path / ("a long name for a folder " * 8)
    assert len(str(socket_path(deep, "code"))) < 100
    assert len({socket_path(deep), socket_path(deep, "code"), socket_path(tmp_path, "code")}) == 3
