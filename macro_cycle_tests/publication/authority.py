"""A time-stamping authority on this machine, by openssl, answering over HTTP."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

CONFIGURATION = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
"""


class Authority:
    """Its root certificate, and what it answers."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.root = folder, folder / "root.pem"
        (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder))
        (folder / "extensions").write_text(
            "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"
        )
        (folder / "serial").write_text("01\n")
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem",
                      "-subj", "/CN=root", "-days", "3650")  # fmt: skip
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr",
                      "-subj", "/CN=authority")  # fmt: skip
        self._openssl("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "2",
                      "-days", "3650", "-extfile", "extensions", "-out", "tsa.pem")  # fmt: skip

    def answer(self, request: bytes) -> bytes:
        (self._folder / "request.tsq").write_bytes(request)
        self._openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "request.tsq", "-out", "answer.tsr")
        return (self._folder / "answer.tsr").read_bytes()

    def verifies(self, digest: str, response: bytes) -> bool:
        """What openssl itself says of a stamp."""
        (self._folder / "digest").write_text(digest)
        (self._folder / "checked.tsr").write_bytes(response)
        arguments = ("ts", "-verify", "-data", "digest", "-in", "checked.tsr", "-CAfile", "root.pem")
        return subprocess.run(["openssl", *arguments], cwd=self._folder, capture_output=True).returncode == 0

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self._folder, check=True, capture_output=True)

    @contextmanager
    def listening(self) -> Iterator[str]:
        """The authority's address."""
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/timestamp-query"
                answer = authority.answer(request)
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/tsa"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
