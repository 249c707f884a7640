"""A webhook does not lead to a machine's metadata service, by whatever way it is written or reached."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from pydantic import SecretStr

from macro_cycle.monitoring.notifications import Delivered, Notice, Webhook, deliver
from macro_cycle.monitoring.outbound import Forbidden, checked_address, is_forbidden, post_json
from macro_cycle_tests.monitoring.receivers import webhook


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.0.1",
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "100.100.100.200",
        "0.0.0.0",  # noqa: S104 - it is refused
        "::",
        "224.0.0.1",
    ],
)
def test_metadata_and_its_like_are_forbidden(address):
    assert is_forbidden(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.7", "192.168.1.4", "93.184.216.34"])
def test_receivers_of_one_s_own_network_and_of_the_world_are_not(address):
    assert not is_forbidden(address)


@pytest.mark.parametrize("host", ["169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376"])
def test_every_way_to_write_the_address_is_seen_through(host):
    with pytest.raises(Forbidden):
        checked_address(host, 80)


def test_a_name_that_leads_there_is_seen_through(monkeypatch):
    def leads_there(*_arguments, **_options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("93.184.216.34", "169.254.169.254")]

    monkeypatch.setattr(socket, "getaddrinfo", leads_there)
    told, failures = deliver(
        [Notice("failed_run", "k", "text")], Delivered(), [Webhook(SecretStr("http://hook.example/s3cr3t"))]
    )
    assert failures == ["webhook: its address leads to a place that is not posted to; check it"]
    assert told == Delivered()


def test_what_was_looked_at_is_what_is_connected_to(monkeypatch):
    """The name leads elsewhere a moment later; the request has gone to the first address all the same."""
    with webhook() as receiver:
        answers = iter(["127.0.0.1", "169.254.169.254"])

        def changing(*_arguments, **_options):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), receiver.server_port))]

        monkeypatch.setattr(socket, "getaddrinfo", changing)
        url = f"http://hook.example:{receiver.server_port}/services/x"
        connect = socket.create_connection
        monkeypatch.setattr(socket, "create_connection", lambda address, *a, **o: connect_literal(connect, address))
        assert post_json(url, {"text": "hello"}).is_success
        assert receiver.texts == ["hello"]


def connect_literal(_connect, address):
    """`create_connection` resolves through the patched function; the socket itself takes the literal address."""
    assert address[0] == "127.0.0.1"
    made = socket.socket()
    made.connect(address)
    return made


class Redirect(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(307)
        self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


def test_a_redirect_is_not_followed():
    with HTTPServer(("127.0.0.1", 0), Redirect) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        response = post_json(f"http://127.0.0.1:{server.server_port}/", {})
        thread.join()
    assert response.status_code == 307
