"""The public doubles: a receiver that answers as it is told, a clock that stands still."""

from __future__ import annotations

import socket

import httpx
import pytest

from modeltap.testing import FakeClock, WebhookReceiver


def post(receiver, timeout=5.0):
    return httpx.post(receiver.url, json={"type": "x"}, timeout=timeout, trust_env=False)


def test_answers_are_given_in_turn_and_requests_are_kept():
    """A status, one with headers, and 204 when there are none left."""
    seen = []
    answers = [500, (429, {"retry-after": "7"})]
    with WebhookReceiver(answers=answers, on_receive=seen.append) as receiver:
        given = [post(receiver) for _ in range(3)]
        assert receiver.wait(3)
    assert [one.status_code for one in given] == [500, 429, 204]
    assert given[1].headers["retry-after"] == "7"
    assert receiver.received == seen and seen[0].event == {"type": "x"}
    assert seen[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("how", "error"), [("reset", httpx.ReadError), ("hang", httpx.ReadTimeout)]
)
def test_it_misbehaves_as_told(how, error):
    """A reset, or no answer until the client has enough of it."""
    with WebhookReceiver(answers=[how]) as receiver:
        with pytest.raises(error):
            post(receiver, 0.5)
        assert receiver.wait(1)


def test_a_reset_is_one_on_the_wire():
    """Not the end of a stream that was closed in order."""
    with WebhookReceiver(answers=["reset"]) as receiver:
        with socket.create_connection(("127.0.0.1", receiver.port), timeout=30) as client:
            client.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}")
            with pytest.raises(ConnectionResetError):
                client.recv(1)
        assert receiver.received[0].body == b"{}"


def test_a_clock_goes_on_when_told():
    """At once."""
    clock = FakeClock(1000.0)
    clock.sleep(3600)
    assert clock.time() == 4600.0
