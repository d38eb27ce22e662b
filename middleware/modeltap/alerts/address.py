"""Which addresses a webhook may reach: an alert must not become a way into a private network."""

from __future__ import annotations

import ipaddress
import socket

from modeltap.errors import ModeltapError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NEVER = tuple(
    map(
        ipaddress.ip_network,
        ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32",
         "192.0.0.0/24", "0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "::/128", "ff00::/8"),
    )
)  # fmt: skip
"""Link-local and metadata services, multicast, unspecified, reserved: no operator means these."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class RefusedAddress(ModeltapError):
    """The receiver's address may not be reached."""


def resolve(host: str, port: int, *, allow_private: bool) -> str:
    """Resolve `host` and return the one checked address to connect to.

    All addresses are checked, for any may be the one connected to next time. Raises
    `RefusedAddress` for one that is not public (private ones pass with `allow_private`).
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise RefusedAddress("the host name cannot be resolved") from None
    texts = [str(entry[4][0]) for entry in found]
    for text in texts:
        check(text, allow_private=allow_private)
    return texts[0]


def check(text: str, *, allow_private: bool) -> None:
    """Raise `RefusedAddress` unless the address `text` may be reached.

    >>> check("127.0.0.1", allow_private=False)
    Traceback (most recent call last):
    modeltap.alerts.address.RefusedAddress: address 127.0.0.1 is private; set allow_private = true
    >>> check("127.0.0.1", allow_private=True)
    """
    address = _unwrapped(ipaddress.ip_address(text.partition("%")[0]))
    if any(address in network for network in _NEVER if network.version == address.version):
        raise RefusedAddress(f"address {address} is never allowed")
    if not address.is_global and not allow_private:
        raise RefusedAddress(f"address {address} is private; set allow_private = true")


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for (mapped, NAT64, 6to4), else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address in _NAT64:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address if inner is None else inner
