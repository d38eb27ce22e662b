"""External trainers: the candidate in a response, and responses that fail, hang or never end."""

from __future__ import annotations

import pytest

from modeltap.config.webhook_settings import parse_webhook
from modeltap.retraining.webhook_call import call_trainer
from modeltap.testing import WebhookReceiver

EVENT = {"type": "retrain", "timestamp": "2024-01-01T00:00:00.000Z", "data": {"model": "flights"}}


def ask(receiver, seconds=20.0, **options):
    webhook = parse_webhook({"url": receiver.url, "allow_private": True, **options})
    return call_trainer(webhook, "run-1", EVENT, seconds)


def responding(body, status=200):
    def answer(handler):
        handler.send_response(status)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def test_the_response_may_name_a_candidate():
    with WebhookReceiver([responding(b'{"artefact": "http://127.0.0.1:1/v2"}')]) as receiver:
        response = ask(receiver, secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert (response.status, response.error, response.artefact) == (
        200,
        None,
        "http://127.0.0.1:1/v2",
    )
    assert receiver.received[0].event == EVENT
    assert receiver.received[0].headers["webhook-id"] == "run-1"
    assert "webhook-signature" in receiver.received[0].headers


@pytest.mark.parametrize("body", [b"", b"accepted", b"[1]", b'{"artefact": 3}', b"\xff\xfe", b"{"])
def test_other_bodies_name_none(body):
    with WebhookReceiver([responding(body, 202)]) as receiver:
        response = ask(receiver)
    assert (response.status, response.error, response.artefact) == (202, None, "")


@pytest.mark.parametrize("status", [301, 404, 500, 503])
def test_another_status_is_an_error(status):
    """Its body is not a candidate."""
    with WebhookReceiver([responding(b'{"artefact": "http://x.org"}', status)]) as receiver:
        response = ask(receiver)
    assert (response.error, response.artefact) == (f"status {status}", "")


@pytest.mark.parametrize("how", ["hang", "drip"])
def test_a_trainer_that_does_not_respond_is_left_at_the_limit(how):
    with WebhookReceiver([how]) as receiver:
        response = ask(receiver, seconds=0.5)
    assert response.is_timeout


def test_a_body_without_end_is_left():
    """The beginning of it is read."""

    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65_536)
        except OSError:
            pass

    with WebhookReceiver([endless]) as receiver:
        assert ask(receiver).artefact == ""


def test_private_addresses_need_permission():
    with WebhookReceiver() as receiver:
        assert "is private" in ask(receiver, allow_private=False).error
    assert receiver.received == []
