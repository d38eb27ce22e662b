"""Admission of posts: by the host that they name, and by a token.

A web page can give its own name the address of this receiver (DNS rebinding) and post to it from
a visitor's browser, which names the page's host. So a host must be known.
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
"""The lower-cased header's value: a name or an address, and a port."""

_NAME = re.compile(r"\*|(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")


class PostRefused(Exception):
    """Why a post is not taken, and the status that says so."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Admission:
    """Who may post.

    Args:
        token: what a caller must show, as a bearer or in the query; empty for nothing.
        hosts: the names and addresses that a request may name, beside this machine's loopback
            and the address that it came to; ``*.example.org`` are all below it, ``*`` is any.

    Raises `InputError` for a token that no request can carry, and for what is no host.

    >>> Admission("", ["http://receiver:8089"])
    Traceback (most recent call last):
    modeltap.errors.InputError: host 'http://receiver:8089' is not a name or an address; write it \
without scheme and port, such as receiver.example.org
    """

    def __init__(self, token: str, hosts: Iterable[str]) -> None:
        self._token = _digest(checked_token(token)) if token else b""
        self._hosts = frozenset(map(_checked_host, hosts))

    def check(self, request: Request) -> None:
        """Raise `PostRefused` for a request that may not post."""
        self.check_host(request)
        if self._token and not hmac.compare_digest(_digest(_shown(request)), self._token):
            raise PostRefused(
                401, "the token is missing or wrong; send it as a bearer token or as ?token="
            )

    def check_host(self, request: Request) -> None:
        """Raise `PostRefused` for a request whose host is not known."""
        host = _named_host(request)
        # An address that a connection came to is no other page's name.
        came_to = _plain_address((request.scope.get("server") or ("",))[0])
        if host is None or not (_is_loopback(host) or host == came_to or self._knows(host)):
            raise PostRefused(
                400, "the Host header is not allowed; start the receiver with --allow-host NAME"
            )

    def _knows(self, host: str) -> bool:
        if "*" in self._hosts or host in self._hosts:
            return True
        parts = host.split(".")
        above = (".".join(parts[place:]) for place in range(1, len(parts)))
        return any(f"*.{name}" in self._hosts for name in above)


def checked_token(token: str) -> str:
    """Return a token without the white space around it; raises `InputError`, not quoting it.

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
    # KServe's logger sends no header of one's own: it can show what stands in its URL.
    return shown.strip() if kind.lower() == "bearer" else request.query_params.get("token", "")


def _digest(token: str) -> bytes:
    # Of one length, so that comparing takes the same time for any token.
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _named_host(request: Request) -> str | None:
    """Return the name or address in the Host header; None where there is none, or several."""
    given = request.headers.getlist("host")
    found = _HOST.fullmatch(given[0].lower()) if len(given) == 1 else None
    if found is None:
        return None
    return _plain_address(found["v6"] or found["name"].removesuffix("."))


def _checked_host(host: str) -> str:
    plain = host.lower().removesuffix(".")
    if plain.startswith("[") and plain.endswith("]"):
        plain = plain[1:-1]
    plain = _plain_address(plain)
    if ":" in plain:
        good = plain.count(":") > 1 and _is_address(plain)
    else:
        good = _NAME.fullmatch(plain) is not None
    if not good:
        raise InputError(
            f"host {host!r} is not a name or an address; write it without scheme and port, such as "
            "receiver.example.org"
        )
    return plain


def _plain_address(text: str) -> str:
    """Return an address as it is mostly written, and anything else as it is."""
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
