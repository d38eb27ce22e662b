"""The public test doubles: a webhook receiver and a clock."""

from __future__ import annotations

import socket

import httpx
import pytest

from modeltap.testing import FakeClock, WebhookReceiver


def post(receiver, timeout=5.0):
    return httpx.post(
        receiver.url, json={"type": "x"}, timeout=timeout, trust_env=False, verify=False
    )


def test_responses_are_sent_in_order_and_requests_recorded():
    """A status, one with headers, and then 204."""
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
def test_the_receiver_misbehaves_on_request(how, error):
    """A reset, or no response until the client times out."""
    with WebhookReceiver(answers=[how]) as receiver:
        with pytest.raises(error):
            post(receiver, 0.5)
        assert receiver.wait(1)


def test_a_reset_is_sent_as_rst():
    """Not an orderly end of the stream."""
    with WebhookReceiver(answers=["reset"]) as receiver:
        with socket.create_connection(("127.0.0.1", receiver.port), timeout=30) as client:
            client.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}")
            with pytest.raises(ConnectionResetError):
                client.recv(1)
        assert receiver.received[0].body == b"{}"


def test_a_clock_advances_on_sleep():
    """Immediately."""
    clock = FakeClock(1000.0)
    clock.sleep(3600)
    assert clock.time() == 4600.0
