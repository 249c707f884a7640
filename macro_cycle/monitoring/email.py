"""A message through a mail server that the settings name, over TLS unless it is on this machine."""

import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from ipaddress import ip_address

from macro_cycle.errors import MacroCycleError
from macro_cycle.monitoring.outbound import checked_address
from macro_cycle.platform.settings import NotificationSettings

SECONDS = 10
LONGEST_SUBJECT = 200


def send_email(settings: NotificationSettings, subject: str, text: str) -> None:
    """Send a message to everybody whom the settings name.

    Raises:
        MacroCycleError: the settings do not say from whom or to whom, or would send a password in the clear.
        Forbidden: the server's name leads to an address that nobody should reach.
        OSError, smtplib.SMTPException: the server cannot be reached, or does not take it.
    """
    message = EmailMessage()
    sender, recipients = settings.email_from, settings.recipients
    if not sender or not recipients:
        raise MacroCycleError("MACRO_CYCLE_NOTIFICATIONS__EMAIL_FROM and EMAIL_TO must say from whom and to whom")
    message["From"], message["To"] = sender, ", ".join(recipients)
    message["Subject"] = " ".join(subject.split())[:LONGEST_SUBJECT]
    message["Date"], message["Message-ID"] = formatdate(localtime=False), make_msgid(domain="macro-cycle.invalid")
    message.set_content(text)
    with _connected(settings) as server:
        if settings.smtp_user is not None:
            server.login(settings.smtp_user, _password(settings))
        server.send_message(message)


def _connected(settings: NotificationSettings) -> smtplib.SMTP:
    host, port = str(settings.smtp_host), settings.smtp_port
    if settings.smtp_security == "tls":
        return _CheckedTls(host, port, timeout=SECONDS, context=ssl.create_default_context())
    server = _Checked(host, port, timeout=SECONDS)
    if settings.smtp_security == "starttls":
        server.starttls(context=ssl.create_default_context())
    elif settings.smtp_user is not None and not _is_this_machine(server):
        server.close()
        raise MacroCycleError("a password is not sent without TLS to another machine")
    return server


def _password(settings: NotificationSettings) -> str:
    if settings.smtp_password is not None:
        return settings.smtp_password.get_secret_value()
    if settings.smtp_password_file is None:
        raise MacroCycleError("the mail server's user has no password; set SMTP_PASSWORD or SMTP_PASSWORD_FILE")
    try:
        return settings.smtp_password_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise MacroCycleError("the file of the mail server's password cannot be read") from None


def _is_this_machine(server: smtplib.SMTP) -> bool:
    return server.sock is not None and ip_address(server.sock.getpeername()[0]).is_loopback


class _Checked(smtplib.SMTP):
    """Connects to the very address that was looked at; a certificate is still the name's."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return super()._get_socket(checked_address(host, port), port, timeout)  # type: ignore[misc]


class _CheckedTls(smtplib.SMTP_SSL):
    """As `_Checked`, over TLS from the start."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return super()._get_socket(checked_address(host, port), port, timeout)  # type: ignore[misc]
