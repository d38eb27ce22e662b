"""Check the addresses of webhooks: an alert must not become a way into a private network."""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading

from modeltap.errors import ModeltapError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _networks(*texts: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(map(ipaddress.ip_network, texts))


_NEVER = _networks(
    "0.0.0.0/8",
    "::/128",  # unspecified: Linux takes it for loopback
    "169.254.0.0/16",
    "fe80::/10",  # link-local, and with it most metadata services
    "100.100.100.200/32",
    "168.63.129.16/32",
    "192.0.0.192/32",  # Alibaba, Azure, Oracle
    "fd00:ec2::254/128",
    "fd20:ce::254/128",  # Amazon, Google
    "224.0.0.0/4",
    "ff00::/8",
    "240.0.0.0/4",  # multicast, reserved, broadcast
    "64:ff9b:1::/48",
    "2001::/32",  # translators whose inner address is not plain
)
"""Link-local and metadata services, multicast, unspecified, reserved: no operator means these."""

_PRIVATE = _networks("192.0.0.0/24", "fec0::/10")
"""Private in fact, though `is_global` of Python 3.11 is true for some of them."""

_V4_INSIDE = _networks("64:ff9b::/96", "::/96")
"""NAT64 and the old IPv4-compatible form: the last 32 bits are the address that is reached."""


class AddressError(ModeltapError):
    """The receiver's address may not be reached, or its name has none."""


def resolve(host: str, port: int, *, allow_private: bool, timeout_seconds: float) -> list[str]:
    """Resolve `host` and return the checked addresses to connect to, in the resolver's order.

    One bad address refuses the host: any of them may be the one connected to next time. Raises
    `AddressError`, also when the name has no address or the resolver takes too long.
    """
    answers: queue.SimpleQueue[list[str] | None] = queue.SimpleQueue()
    # getaddrinfo knows no timeout, so it has a thread of its own that nobody has to wait for.
    threading.Thread(target=lambda: answers.put(_look_up(host, port)), daemon=True).start()
    try:
        found = answers.get(timeout=timeout_seconds)
    except queue.Empty:
        raise AddressError("name lookup timeout") from None
    if not found:
        raise AddressError("the host name cannot be resolved")
    for text in found:
        check(text, allow_private=allow_private)
    return found


def _look_up(host: str, port: int) -> list[str] | None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def check(text: str, *, allow_private: bool) -> None:
    """Raise `AddressError` unless the address `text` may be reached.

    >>> check("127.0.0.1", allow_private=False)
    Traceback (most recent call last):
    modeltap.notify.addresses.AddressError: address 127.0.0.1 is private; set allow_private = true
    >>> check("127.0.0.1", allow_private=True)
    >>> check("::ffff:169.254.169.254", allow_private=True)
    Traceback (most recent call last):
    modeltap.notify.addresses.AddressError: address 169.254.169.254 is never allowed
    """
    address = _unwrapped(ipaddress.ip_address(text.partition("%")[0]))
    if address.is_multicast or _within(address, _NEVER):
        raise AddressError(f"address {address} is never allowed")
    private = not address.is_global or _within(address, _PRIVATE)
    if private and not allow_private:
        raise AddressError(f"address {address} is private; set allow_private = true")


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for (mapped, NAT64, 6to4), else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    # ::1 and :: look IPv4-compatible, too, but are IPv6's own loopback and unspecified.
    if inner is None and int(address) > 1 and _within(address, _V4_INSIDE):
        inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address if inner is None else inner


def _within(
    address: Address, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
) -> bool:
    return any(address in one for one in networks if one.version == address.version)
