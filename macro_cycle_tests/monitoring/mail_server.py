"""A real SMTP server on this machine, with or without TLS and a login, that keeps what it was sent."""

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class Inbox:
    """Messages with their envelopes, and the logins that were tried; `refuses` answers each message with an error."""

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    refuses: bool = False


class _Session(socketserver.StreamRequestHandler):
    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self) -> None:
        inbox, context = self.server.inbox, self.server.context
        self.say("220 here")
        to: list[str] = []
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            match verb.upper():
                case "EHLO":
                    self.say("250-here")
                    if context is not None:
                        self.say("250-STARTTLS")
                    self.say("250 AUTH PLAIN")
                case "STARTTLS":
                    self.say("220 go on")
                    self.connection = context.wrap_socket(self.connection, server_side=True)
                    self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
                case "AUTH":
                    inbox.logins.append(base64.b64decode(rest.split()[1]).decode().replace("\0", ":"))
                    self.say("235 welcome")
                case "MAIL":
                    to = []
                    self.say("250 ok")
                case "RCPT":
                    to.append(rest.partition(":")[2].strip("<>"))
                    self.say("250 ok")
                case "DATA":
                    self.say("354 go on")
                    lines = []
                    while (part := self.rfile.readline()) != b".\r\n":
                        lines.append(part.removeprefix(b"."))
                    if inbox.refuses:
                        self.say("554 no")
                        continue
                    inbox.messages.append(message_from_bytes(b"".join(lines), policy=policy.default))
                    inbox.recipients.append(to)
                    self.say("250 taken")
                case "QUIT":
                    self.say("221 bye")
                    return
                case _:
                    self.say("250 ok")


@contextmanager
def mail_server(context: ssl.SSLContext | None = None) -> Iterator[Inbox]:
    """The server on a port of its own; with a context it offers STARTTLS."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session) as server:
        server.daemon_threads = True
        server.inbox, server.context = Inbox(server.server_address[1]), context
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.inbox
        finally:
            server.shutdown()
            thread.join()
