"""Notices arrive by e-mail; a password goes over TLS alone, and neither it nor the server's words show."""

import ssl
import subprocess

import pytest

from macro_cycle.monitoring.notifications import Delivered, NotDelivered, Notice, channels, deliver
from macro_cycle.platform.settings import NotificationSettings
from macro_cycle_tests.monitoring.mail_server import mail_server

NOTICE = Notice("failed_run", "run:1", "2026-11: regime_model failed:\nno data")
TO = {"email_from": "cycle@example.org", "email_to": "a@example.org, b@example.org"}


def settings(port: int, **more: object) -> NotificationSettings:
    return NotificationSettings(**{"smtp_host": "localhost", "smtp_port": port, "smtp_security": "none", **TO, **more})


@pytest.fixture
def certificate(tmp_path, monkeypatch) -> ssl.SSLContext:
    """That of localhost, which this process trusts."""
    key, pem = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(pem),
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    return context


def test_a_notice_is_one_message_to_everybody_and_sent_once():
    with mail_server() as inbox:
        [email] = channels(settings(inbox.port))
        delivered, failures = deliver([NOTICE], Delivered(), [email])
        assert failures == []
        deliver([NOTICE], delivered, [email])
    [message] = inbox.messages
    assert inbox.recipients == [["a@example.org", "b@example.org"]]
    assert message["Subject"] == "[critical] 2026-11: regime_model failed: no data"
    assert "no data" in message.get_content()
    assert inbox.logins == []


def test_a_message_that_is_refused_is_sent_again_later():
    with mail_server() as inbox:
        [email] = channels(settings(inbox.port))
        inbox.refuses = True
        delivered, failures = deliver([NOTICE], Delivered(), [email])
        assert failures == ["email: SMTPDataError; check the mail server's settings"]
        inbox.refuses = False
        deliver([NOTICE], delivered, [email])
    assert len(inbox.messages) == 1


def test_a_password_from_a_file_goes_over_tls(certificate, tmp_path):
    (tmp_path / "password").write_text("hunter2\n")
    with mail_server(certificate) as inbox:
        named = {"smtp_security": "starttls", "smtp_user": "me", "smtp_password_file": tmp_path / "password"}
        [email] = channels(settings(inbox.port, **named))
        email.send([NOTICE])
    assert inbox.logins == [":me:hunter2"]
    assert len(inbox.messages) == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"smtp_security": "starttls"}, "SMTPNotSupportedError"),
        ({"smtp_user": "me"}, "has no password"),
        ({"smtp_user": "me", "smtp_password_file": "/nowhere"}, "cannot be read"),
        ({"email_to": ""}, "from whom and to whom"),
        ({"port": 1}, "ConnectionRefusedError"),
        ({"smtp_host": "169.254.169.254"}, "not written to"),
        ({"smtp_host": "no.such.host.invalid"}, "gaierror"),
    ],
)
def test_what_cannot_be_sent_is_one_line(more, said):
    with mail_server() as inbox:
        [email] = channels(settings(**{"port": inbox.port, **more}))
        with pytest.raises(NotDelivered, match=said):
            email.send([NOTICE])
    assert inbox.messages == []


def test_a_server_s_name_that_its_certificate_does_not_hold_is_refused(certificate):
    with mail_server(certificate) as inbox:
        [email] = channels(settings(inbox.port, smtp_host="127.0.0.1", smtp_security="starttls"))
        with pytest.raises(NotDelivered, match="SSLCertVerificationError"):
            email.send([NOTICE])
    assert inbox.messages == []


def test_a_password_never_shows_in_the_settings():
    assert "hunter2" not in repr(settings(25, smtp_password="hunter2"))
