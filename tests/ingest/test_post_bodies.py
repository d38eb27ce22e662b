"""Clients that drip or stand still are refused in time, and nobody waits for them."""

from __future__ import annotations

import contextlib
import json
import select
import socket

import pytest
from cloudevents.core.bindings.http import to_binary_event

from events import event, post
from logs import REQUEST
from modeltap.ingest.post_bodies import _SLOTS, _SMALL_BYTES, HURRIED, NORMAL

MANY = 3 * _SLOTS


def begun(port, length, body):
    """Begin a post of `length` bytes, and send the first of them."""
    client = socket.create_connection(("127.0.0.1", port))
    head = f"POST /models/m HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n"
    client.sendall(f"{head}connection: close\r\n\r\n".encode() + body)
    return client


@pytest.fixture
def slow(receive):
    """Start a receiver; return a client of it, and slow ones of bodies begun so."""
    _, client = receive()
    with contextlib.ExitStack() as open_ones:

        def begin(count, length, body):
            port = client.base_url.port
            clients = [begun(port, length, body) for _ in range(count)]
            for one in clients:
                open_ones.enter_context(one)
            return clients

        yield client, begin


def answered(clients):
    """Return the slow clients that have an answer, or were hung up on."""
    return select.select(clients, [], [], 0)[0]


def whole(client):
    """Read an answer to its end."""
    client.settimeout(60)
    return b"".join(iter(lambda: client.recv(65536), b""))


def test_bodies_that_drip_keep_nobody_waiting(slow):
    """A byte at a time: others are answered between any two of them."""
    client, begin = slow
    dripping = begin(MANY, 1000, b"{")
    for n in range(5):
        assert post(client, to_binary_event(event(f"k{n}", REQUEST, [n]))).status_code == 202
        assert answered(dripping) == []
        for one in dripping:
            one.sendall(b" ")


def test_large_bodies_that_stand_still_give_up_their_places(slow):
    """As soon as others wait for one: these are answered, those refused and hung up on."""
    client, begin = slow
    standing = begin(_SLOTS, 10_000_000, b" " * (_SMALL_BYTES + 1))
    for n in range(50):  # until the slow ones, whose bytes are on their way, have all places
        message = to_binary_event(event(f"k{n}", REQUEST, ["x" * 1_000_000]))
        assert post(client, message).status_code == 202
        if waiting := answered(standing):
            break
    assert waiting
    for answer in map(whole, waiting):
        assert answer.startswith(b"HTTP/1.1 408 ") and answer.endswith(b"arrives too slowly\n")


def test_a_body_that_stands_still_is_refused(slow):
    """Small or large, whether others wait or not."""
    _, begin = slow
    for one in (*begin(2, 1000, b"{"), *begin(2, 10_000_000, b" " * (_SMALL_BYTES + 1))):
        assert whole(one).startswith(b"HTTP/1.1 408 ")


def test_a_body_in_many_packets_is_taken(slow):
    """The limit is on the bytes that arrive."""
    client, begin = slow
    body = json.dumps(["x" * 200_000]).encode()
    (sender,) = begin(1, len(body), body[:1000])
    for start in range(1000, len(body), 1000):
        sender.sendall(body[start : start + 1000])
    assert b"not a CloudEvent" in whole(sender)
    assert client.get("/health").status_code == 200


def test_a_body_that_others_wait_for_has_less_time():
    for received in (0, 1000, 1_000_000):
        assert HURRIED.lasts(received) < NORMAL.lasts(received)
    assert NORMAL.lasts(10**9) == HURRIED.lasts(10**9) == 60
