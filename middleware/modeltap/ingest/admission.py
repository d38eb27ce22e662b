"""Admission of posts by their Host header and a token.

A web page can point its own domain to the address of this receiver (DNS rebinding) and post to it
from a visitor's browser. The Host header then has the page's domain, so unknown hosts are refused.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Iterable

from starlette.requests import Request

from modeltap.errors import InputError

_HOST = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::[0-9]{1,5})?")
"""The value of the Host header in lower case: a name or an address, and a port."""

_NAME = re.compile(r"\*|(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")


class PostRefused(Exception):
    """A refused post: the reason and the HTTP status."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Admission:
    """The rules for accepting posts.

    Args:
        token: the token that a client must send, as a bearer token or in the query; "" for none.
        hosts: names and addresses that the Host header may have, in addition to this machine's
            loopback and the address of the connection; ``*.example.org`` allows all subdomains,
            ``*`` any host.

    Raises `InputError` for a token that a header cannot carry, and for an invalid host.

    >>> Admission("", ["http://receiver:8089"])
    Traceback (most recent call last):
    modeltap.errors.InputError: host 'http://receiver:8089' is not a name or an address; write it \
without scheme and port, such as receiver.example.org
    """

    def __init__(self, token: str, hosts: Iterable[str]) -> None:
        self._token = _digest(checked_token(token)) if token else b""
        self._hosts = frozenset(map(_checked_host, hosts))

    def check(self, request: Request) -> None:
        """Raise `PostRefused` if the host or the token of a request is not allowed."""
        self.check_host(request)
        if self._token and not hmac.compare_digest(_digest(_shown(request)), self._token):
            raise PostRefused(
                401, "the token is missing or wrong; send it as a bearer token or as ?token="
            )

    def check_host(self, request: Request) -> None:
        """Raise `PostRefused` if the host of a request is not allowed."""
        host = _named_host(request)
        # The address of the connection itself is safe: a rebinding page sends its domain.
        own_address = _plain_address((request.scope.get("server") or ("",))[0])
        if host is None or not (_is_loopback(host) or host == own_address or self._allows(host)):
            raise PostRefused(
                400, "the Host header is not allowed; start the receiver with --allow-host NAME"
            )

    def _allows(self, host: str) -> bool:
        if "*" in self._hosts or host in self._hosts:
            return True
        parts = host.split(".")
        parents = (".".join(parts[start:]) for start in range(1, len(parts)))
        return any(f"*.{parent}" in self._hosts for parent in parents)


def checked_token(token: str) -> str:
    """Return a token without surrounding white space; raise `InputError` if it is invalid.

    The message does not quote the token.

    >>> checked_token("s3same\\n")
    's3same'
    >>> checked_token(" ")
    Traceback (most recent call last):
    modeltap.errors.InputError: the token is blank; use printable ASCII characters, or env:NAME
    """
    bare = token.strip()
    if not bare:
        raise InputError("the token is blank; use printable ASCII characters, or env:NAME")
    if not (bare.isascii() and bare.isprintable()):
        raise InputError(
            "the token has a character that a header cannot contain; use printable ASCII"
        )
    return bare


def _shown(request: Request) -> str:
    kind, _, shown = request.headers.get("authorization", "").partition(" ")
    # KServe's logger cannot send custom headers, so the token may be in its URL.
    return shown.strip() if kind.lower() == "bearer" else request.query_params.get("token", "")


def _digest(token: str) -> bytes:
    # Digests have one length, so that comparison takes the same time for any token.
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _named_host(request: Request) -> str | None:
    """Return the name or address in the Host header; None if there is none or several."""
    given = request.headers.getlist("host")
    match = _HOST.fullmatch(given[0].lower()) if len(given) == 1 else None
    if match is None:
        return None
    return _plain_address(match["v6"] or match["name"].removesuffix("."))


def _checked_host(host: str) -> str:
    plain = host.lower().removesuffix(".")
    if plain.startswith("[") and plain.endswith("]"):
        plain = plain[1:-1]
    plain = _plain_address(plain)
    if ":" in plain:
        valid = plain.count(":") > 1 and _is_address(plain)
    else:
        valid = _NAME.fullmatch(plain) is not None
    if not valid:
        raise InputError(
            f"host {host!r} is not a name or an address; write it without scheme and port, such "
            "as receiver.example.org"
        )
    return plain


def _plain_address(text: str) -> str:
    """Return an address in its canonical form, and any other text unchanged."""
    return str(ipaddress.ip_address(text)) if _is_address(text) else text


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    if _is_address(host):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
