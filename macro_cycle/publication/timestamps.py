"""Time stamps by RFC 3161: an authority's word that a digest existed at a moment.

What is stamped is the text of an entry's digest, so that `openssl ts -verify` can check it too. Sending belongs to
whoever calls.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from macro_cycle.errors import MacroCycleError
from macro_cycle.publication.ledger import Draft, Entry, digest_of

if TYPE_CHECKING:
    from types import ModuleType

    from rfc3161_client import TimeStampResponse

KIND = "timestamp"
REQUEST_TYPE = "application/timestamp-query"


@dataclass(frozen=True)
class Stamp:
    """What a time stamp says: the entry that it is of, when, and whether the authority's signature was checked."""

    entry: int
    at: datetime
    signature_checked: bool


def request(digest: str) -> bytes:
    """The request for a stamp of a digest, as it is posted with the type `REQUEST_TYPE`."""
    library = _library()
    builder = library.TimestampRequestBuilder().data(digest.encode()).cert_request(cert_request=True)
    return bytes(builder.hash_algorithm(library.HashAlgorithm.SHA256).build().as_bytes())


def draft(entry: Entry, response: bytes, authority: str) -> Draft:
    """The entry that keeps an authority's response.

    Raises:
        MacroCycleError: it is no stamp of the entry.
    """
    _checked(entry, _decoded(response))
    token = base64.b64encode(response).decode()
    return Draft(KIND, {"of_entry": entry.number, "of_digest": entry.digest, "authority": authority, "token": token})


def check(stamp: Entry, entries: dict[int, Entry], roots: bytes | None = None) -> Stamp:
    """What the stamp that an entry keeps says, its signature checked where root certificates (PEM) are given.

    Raises:
        MacroCycleError: it is no stamp of the entry that it names; the message completes "line n".
    """
    try:
        of = entries[stamp.body["of_entry"]]
        response = base64.b64decode(stamp.body["token"], validate=True)
    except (KeyError, TypeError, binascii.Error):
        raise MacroCycleError("keeps a time stamp of an entry that is not there") from None
    decoded = _decoded(response)
    _checked(of, decoded)
    if roots is not None:
        _verify(decoded, of.digest, roots)
    return Stamp(of.number, decoded.tst_info.gen_time, roots is not None)


def roots_in(path: Path) -> bytes:
    """The certificates of a PEM file.

    Raises:
        MacroCycleError: it holds none.
    """
    from cryptography import x509

    try:
        content = path.read_bytes()
        x509.load_pem_x509_certificates(content)
    except OSError as error:
        raise MacroCycleError(f"cannot read {path}: {error.strerror}") from None
    except ValueError:
        raise MacroCycleError(f"{path} holds no certificate in PEM") from None
    return content


def _verify(response: "TimeStampResponse", digest: str, roots: bytes) -> None:
    from cryptography import x509

    library = _library()
    builder = library.VerifierBuilder()
    for certificate in x509.load_pem_x509_certificates(roots):
        builder = builder.add_root_certificate(certificate)
    try:
        builder.build().verify_message(response, digest.encode())
    except library.VerificationError as error:
        raise MacroCycleError(f"keeps a time stamp that the certificates do not vouch for: {error}") from None


def _decoded(response: bytes) -> "TimeStampResponse":
    try:
        return _library().decode_timestamp_response(response)
    except ValueError:
        raise MacroCycleError("keeps what is no time stamp") from None


def _checked(entry: Entry, response: "TimeStampResponse") -> None:
    if response.status not in (0, 1):  # granted, granted with modifications
        raise MacroCycleError("keeps a time stamp that the authority did not grant")
    if response.tst_info.message_imprint.message.hex() != digest_of(entry.digest.encode()):
        raise MacroCycleError(f"keeps a time stamp of something else than entry {entry.number}")


def _library() -> "ModuleType | Any":
    try:
        import rfc3161_client
    except ImportError:
        raise MacroCycleError("time stamps need a library: pip install 'macro-cycle[timestamps]'") from None
    return rfc3161_client
