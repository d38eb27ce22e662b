"""Checks of webhook addresses, so that an alert cannot reach into a private network."""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from contextlib import suppress

from modeltap.errors import ModeltapError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _networks(*texts: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(map(ipaddress.ip_network, texts))


_NEVER = _networks(
    "0.0.0.0/8",
    "::/128",  # unspecified: Linux treats it as loopback
    "169.254.0.0/16",
    "fe80::/10",  # link-local, including most metadata services
    "100.100.100.200/32",
    "168.63.129.16/32",
    "192.0.0.192/32",  # Alibaba, Azure, Oracle
    "fd00:ec2::/32",
    "fd20:ce::254/128",
    "fd00:42::42/128",  # Amazon, Google, Scaleway
    "224.0.0.0/4",
    "ff00::/8",
    "240.0.0.0/4",  # multicast, reserved, broadcast
    "64:ff9b:1::/48",
    "2001::/32",  # local NAT64 and Teredo, whose inner address has no fixed position
)
"""Link-local, metadata services, multicast, unspecified, reserved: never a valid receiver."""

_PRIVATE = _networks("192.0.0.0/24", "fec0::/10")
"""Private networks for which `is_global` of Python 3.11 is partly True."""

_EMBEDDINGS = tuple(
    (ipaddress.IPv6Network(text), shift)
    for text, shift in (
        ("::/96", 0),  # IPv4-compatible
        ("::ffff:0:0/96", 0),  # IPv4-mapped
        ("::ffff:0:0:0/96", 0),  # IPv4-translated (RFC 2765)
        ("64:ff9b::/96", 0),  # NAT64
        ("2002::/16", 80),  # 6to4
    )
)
"""IPv6 networks that embed an IPv4 address, and its distance from the right in bits."""

_ISATAP = 0x5EFE
"""Bits 32 to 63 of an ISATAP tunnel's address (RFC 5214), without `_ISATAP_FLAG`."""

_ISATAP_FLAG = 0x0200_0000
"""Set if the embedded address is globally unique."""


class AddressError(ModeltapError):
    """The receiver's address is not allowed, or its host name has no address."""


def resolve(host: str, port: int, *, allow_private: bool, timeout_seconds: float) -> list[str]:
    """Resolve `host` and return the checked addresses to connect to, in the resolver's order.

    A single forbidden address rejects the host, because a later connection could use any of them.
    Raises `AddressError`, also if the name has no address or the resolver takes too long.
    """
    results: queue.SimpleQueue[list[str] | None] = queue.SimpleQueue()
    # getaddrinfo has no timeout, so it runs in a daemon thread that can be abandoned.
    threading.Thread(target=lambda: results.put(_look_up(host, port)), daemon=True).start()
    try:
        addresses = results.get(timeout=timeout_seconds)
    except queue.Empty:
        raise AddressError("host name lookup timed out") from None
    if not addresses:
        raise AddressError("the host name cannot be resolved")
    for text in addresses:
        check(text, allow_private=allow_private)
    return addresses


def _look_up(host: str, port: int) -> list[str] | None:
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return None
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


def check(text: str, *, allow_private: bool) -> None:
    """Raise `AddressError` unless the address `text` is allowed.

    >>> check("127.0.0.1", allow_private=False)
    Traceback (most recent call last):
    modeltap.notify.addresses.AddressError: address 127.0.0.1 is private; set allow_private = true
    >>> check("127.0.0.1", allow_private=True)
    >>> check("::ffff:169.254.169.254", allow_private=True)
    Traceback (most recent call last):
    modeltap.notify.addresses.AddressError: address 169.254.169.254 is never allowed
    """
    for address in _reached(ipaddress.ip_address(text.partition("%")[0])):
        _check_one(address, allow_private)


def check_host(host: str, *, allow_private: bool) -> None:
    """Raise `AddressError` for a host that is a forbidden address.

    >>> check_host("hooks.example.org", allow_private=False)
    >>> check_host("localhost", allow_private=False)
    Traceback (most recent call last):
    modeltap.notify.addresses.AddressError: address 127.0.0.1 is private; set allow_private = true
    """
    with suppress(ValueError):  # a host name, not an address
        check("127.0.0.1" if host == "localhost" else host, allow_private=allow_private)


def _check_one(address: Address, allow_private: bool) -> None:
    if address.is_multicast or _within(address, _NEVER):
        raise AddressError(f"address {address} is never allowed")
    private = not address.is_global or _within(address, _PRIVATE)
    if private and not allow_private:
        raise AddressError(f"address {address} is private; set allow_private = true")


def _reached(address: Address) -> list[Address]:
    """Return the address that a connection reaches: an embedded IPv4 address, or itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    bits = int(address)
    # ::1 and :: match the IPv4-compatible network but are IPv6 loopback and unspecified.
    for network, shift in _EMBEDDINGS:
        if bits > 1 and address in network:
            return [_inner(bits >> shift)]
    if (bits >> 32 & 0xFFFF_FFFF) & ~_ISATAP_FLAG == _ISATAP:
        return [address, _inner(bits)]  # a host without ISATAP sends to the outer address
    return [address]


def _inner(bits: int) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(bits & 0xFFFF_FFFF)


def _within(
    address: Address, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
) -> bool:
    return any(address in network for network in networks if network.version == address.version)
