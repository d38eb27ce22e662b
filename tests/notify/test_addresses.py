"""Checks of webhook addresses: the address that is really reached decides."""

from __future__ import annotations

import ipaddress
import itertools
import socket

import pytest

from modeltap.notify import addresses
from modeltap.notify.addresses import AddressError, check, resolve

PUBLIC = [
    "93.184.216.34",
    "2606:2800:220:1::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]
PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "192.0.0.8",
    "198.18.0.1",
    "::1",
    "fc00::1",
    "fec0::1",
    "fd00:ec3::1",
    "fd00:42::43",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    "::127.0.0.1",
]
NEVER = [
    "0.0.0.0",
    "0.1.2.3",
    "::",
    "169.254.0.1",
    "169.254.169.254",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd00:ec2:ffff::1",
    "fd20:ce::254",
    "fd00:42::42",
    "fe80::a9fe:a9fe",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "224.0.0.1",
    "239.1.1.1",
    "ff02::1",
    "255.255.255.255",
    "240.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "::ffff:0.0.0.0",
    "::169.254.169.254",
    "64:ff9b:1::7f00:1",
    "2001::1",
]


V4_PUBLIC = ["93.184.216.34", "8.8.8.8", "1.1.1.1"]
V4_PRIVATE = ["127.0.0.1", "127.255.0.9", "10.0.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1"]
V4_NEVER = [
    "0.1.2.3",
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "224.0.0.1",
    "255.255.255.255",
]


def inside(prefix, shift, inner):
    """Return the IPv6 address that embeds an IPv4 address at a distance from the right."""
    outer = int(ipaddress.IPv6Address(prefix))
    return str(ipaddress.IPv6Address(outer | int(ipaddress.IPv4Address(inner)) << shift))


EMBEDDINGS = {
    "compatible": ("::", 0),
    "mapped": ("::ffff:0:0", 0),
    "translated": ("::ffff:0:0:0", 0),
    "NAT64": ("64:ff9b::", 0),
    "6to4": ("2002::", 80),
    "6to4 of a host": ("2002::5:6", 80),
    "ISATAP": ("2606:2800:220:1:0:5efe::", 0),
    "ISATAP, unique": ("2606:2800:220:1:200:5efe::", 0),
}
LOCAL_TRANSLATORS = {
    "local NAT64 /96": ("64:ff9b:1::", 0),
    "local NAT64 /48": ("64:ff9b:1::", 48),
    "Teredo's server": ("2001::", 64),
    "Teredo's client": ("2001::", 0),
}


@pytest.mark.parametrize("inner", V4_PUBLIC + V4_PRIVATE + V4_NEVER)
@pytest.mark.parametrize("form", EMBEDDINGS)
def test_an_embedded_address_decides(form, inner):
    """As if it were written as IPv4."""
    text = inside(*EMBEDDINGS[form], inner)
    for allowed in (False, True):
        assert verdict(text, allowed) == verdict(inner, allowed)
    assert verdict(text, True) == ("never" if inner in V4_NEVER else "allowed")
    assert (verdict(text, False) == "allowed") == (inner in V4_PUBLIC)


@pytest.mark.parametrize(
    ("form", "inner"),
    [*itertools.product(LOCAL_TRANSLATORS, V4_PUBLIC + V4_PRIVATE + V4_NEVER)],
)
def test_a_translator_with_an_unknown_inner_address_is_rejected(form, inner):
    text = inside(*LOCAL_TRANSLATORS[form], inner)
    assert verdict(text, False) == verdict(text, True) == "never"


def test_an_isatap_address_in_a_private_network_is_private():
    """Without an ISATAP tunnel the outer address is reached."""
    text = "fd12::5efe:808:808"
    assert (verdict(text, False), verdict(text, True)) == ("private", "allowed")


def verdict(text, allow_private):
    try:
        check(text, allow_private=allow_private)
    except AddressError as error:
        return "never" if "never" in str(error) else "private"
    return "allowed"


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_pass(text):
    check(text, allow_private=False)


@pytest.mark.parametrize("text", PRIVATE)
def test_private_addresses_pass_if_allowed(text):
    with pytest.raises(AddressError, match="is private; set allow_private = true"):
        check(text, allow_private=False)
    check(text, allow_private=True)


@pytest.mark.parametrize("text", NEVER)
def test_some_addresses_never_pass(text):
    for allowed in (False, True):
        with pytest.raises(AddressError, match="never allowed"):
            check(text, allow_private=allowed)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "127.1",
        "0177.0.0.1",
        "127.0.0.1",
        "localhost",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
    ],
)
def test_other_names_of_loopback_are_private(host):
    with pytest.raises(AddressError, match=r"127\.0\.0\.1|::1"):
        resolve(host, 80, allow_private=False, timeout_seconds=5)


def test_one_forbidden_address_rejects_the_host(monkeypatch):
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, 80))
        for text in ("93.184.216.34", "10.0.0.1")
    ]
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(AddressError, match=r"10\.0\.0\.1 is private"):
        resolve("example.com", 80, allow_private=False, timeout_seconds=5)
    assert resolve("example.com", 80, allow_private=True, timeout_seconds=5) == [
        "93.184.216.34",
        "10.0.0.1",
    ]


def test_a_hanging_resolver_times_out(monkeypatch):
    import threading

    hang = threading.Event()
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_, **__: hang.wait(5) and [])
    with pytest.raises(AddressError, match="timed out"):
        resolve("example.com", 80, allow_private=False, timeout_seconds=0.05)
    hang.set()
