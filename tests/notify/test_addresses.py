"""However an address is spelled or wrapped, what is really reached decides."""

from __future__ import annotations

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


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_pass(text):
    check(text, allow_private=False)


@pytest.mark.parametrize("text", PRIVATE)
def test_private_addresses_pass_where_allowed(text):
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
def test_loopback_by_any_other_name(host):
    with pytest.raises(AddressError, match=r"127\.0\.0\.1|::1"):
        resolve(host, 80, allow_private=False, timeout_seconds=5)


def test_one_bad_address_refuses_the_host(monkeypatch):
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


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch):
    import threading

    hang = threading.Event()
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_, **__: hang.wait(5) and [])
    with pytest.raises(AddressError, match="timeout"):
        resolve("example.com", 80, allow_private=False, timeout_seconds=0.05)
    hang.set()
