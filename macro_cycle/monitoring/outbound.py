"""Posting to an address that somebody set, without being led to one that nobody should reach.

A cloud machine's metadata service gives credentials to whoever asks from the machine. So the name is resolved first,
no address that may be such a service is taken, and the request goes to the very address that was looked at.
"""

import json
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.request import getproxies

import httpx

TIMEOUT = httpx.Timeout(10, connect=3)
METADATA = frozenset(
    map(ip_address, ("100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254"))
)  # Alibaba, Oracle, Azure, AWS, Google; the others' are link-local


class Forbidden(Exception):
    """The address may be a machine's metadata service, or is no place to post to."""


def post_json(url: str, body: Any) -> httpx.Response:
    """Post a document; see `post`."""
    return post(url, json.dumps(body).encode(), "application/json")


def post(url: str, content: bytes, content_type: str) -> httpx.Response:
    """Post content and follow no redirect.

    Raises:
        Forbidden: the URL leads to an address that is not posted to.
        httpx.HTTPError, httpx.InvalidURL, OSError: it cannot be reached, or its name resolved.
    """
    target = httpx.URL(url)
    if target.scheme not in ("http", "https") or not target.host:
        raise httpx.InvalidURL("an address begins with http:// or https://")
    address = checked_address(target.host, target.port or {"http": 80, "https": 443}[target.scheme])
    headers = {"Content-Type": content_type}
    sending: dict[str, Any] = {"content": content, "timeout": TIMEOUT, "follow_redirects": False}
    if target.scheme in getproxies():  # the proxy resolves the name again, and connects
        return httpx.post(target, headers=headers, **sending)
    host = {"Host": target.netloc.decode("ascii").rpartition("@")[2]}
    named = {"sni_hostname": target.host}  # the certificate is still the name's
    with httpx.Client(trust_env=False) as client:
        return client.post(target.copy_with(host=address), headers={**headers, **host}, extensions=named, **sending)


def checked_address(host: str, port: int) -> str:
    """The address that a name leads to.

    Raises:
        Forbidden: one of its addresses is not posted to.
        OSError: there is no such name.
    """
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if any(is_forbidden(address) for address in found):
        raise Forbidden
    return found[0]


def is_forbidden(address: str) -> bool:
    """Whether it is link-local (169.254.169.254 among them), a metadata service elsewhere, or no single machine's."""
    parsed: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or parsed.sixtofour or parsed
    return parsed.is_link_local or parsed.is_multicast or parsed.is_unspecified or parsed in METADATA
