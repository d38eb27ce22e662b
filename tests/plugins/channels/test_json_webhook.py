"""The JSON channel, verified by the reference library of Standard Webhooks."""

from __future__ import annotations

import base64
import time

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import ConfigError
from modeltap.plugins import hooks
from modeltap_channels.json_webhook import format_event

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
OTHER = "whsec_" + base64.b64encode(KEY[::-1]).decode()
EVENT = {"type": "alert.firing", "data": {"summary": "µ: 5 inputs drifted", "value": 0.1}}


def written(secret, timestamp=None):
    webhook = WebhookSettings(url="https://a.example", secret=secret)
    return format_event(EVENT, webhook, "msg_1", int(timestamp or time.time()))


@pytest.mark.parametrize("secret", [SECRET, SECRET.rstrip("=")])
def test_the_reference_library_verifies_the_signature(secret):
    body, headers = written(secret)
    assert Webhook(SECRET).verify(body, headers) == EVENT
    assert headers["webhook-id"] == "msg_1"
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body + b" ", headers)


@pytest.mark.parametrize("between", [" ", ",", ", ", "\n"])
def test_each_secret_verifies_during_key_rotation(between):
    body, headers = written(SECRET + between + OTHER)
    assert len(headers["webhook-signature"].split()) == 2
    for secret in (SECRET, OTHER):
        assert Webhook(secret).verify(body, headers) == EVENT


def test_a_plain_text_secret_is_used_unchanged():
    body, headers = written("correct-horse")
    assert Webhook(b"correct-horse").verify(body, headers) == EVENT


@pytest.mark.parametrize("secret", [None, "", " , "])
def test_without_a_secret_there_is_no_signature(secret):
    _, headers = written(secret)
    assert "webhook-signature" not in headers
    assert headers["content-type"] == "application/json"


def test_each_attempt_has_its_own_time_and_signature():
    (body, first), (again, second) = written(SECRET, 1000), written(SECRET, 2000)
    assert body == again
    assert (first["webhook-timestamp"], second["webhook-timestamp"]) == ("1000", "2000")
    assert first["webhook-signature"] != second["webhook-signature"]


def test_an_invalid_secret_is_an_error_without_its_value():
    with pytest.raises(ConfigError) as caught:
        written("whsec_no~base64")
    assert "no~base64" not in str(caught.value)


def test_other_formats_are_ignored():
    webhook = WebhookSettings(url="https://a.example", format="slack")
    assert format_event(EVENT, webhook, "msg_1", 1) is None


def test_the_hook_formats_events():
    webhook = WebhookSettings(url="https://a.example", secret=SECRET)
    body, headers = hooks("channels").format_event(
        event=EVENT, webhook=webhook, message_id="msg_1", timestamp=int(time.time())
    )
    assert Webhook(SECRET).verify(body, headers) == EVENT
