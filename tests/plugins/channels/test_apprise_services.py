"""Apprise for the rest: its JSON service to a real receiver, and what it refuses."""

from __future__ import annotations

import sys

import pytest

from modeltap.config.webhook_settings import WebhookSettings, parse_webhook
from modeltap.errors import ConfigError
from modeltap.notify.http import post

pytest.importorskip("apprise", reason="pip install 'modeltap[apprise]'")


def hook(receiver, **said):
    url = receiver.url.replace("http://", "json://")
    return WebhookSettings(**{"url": url, "format": "apprise"} | said)


def test_an_event_arrives(receiver, event):
    assert post(hook(receiver), "msg_1", event).delivered
    body = receiver.received[0].event
    assert body["title"] and event["data"]["summary"][:60] in body["message"]


@pytest.mark.parametrize(
    ("kind", "severity", "type_"),
    [
        ("alert.firing", "critical", "failure"),
        ("alert.firing", "warning", "warning"),
        ("alert.resolved", "critical", "success"),
        ("test", "info", "info"),
    ],
)
def test_it_says_how_grave_it_is(receiver, firing, kind, severity, type_):
    post(hook(receiver), "msg_1", firing(kind, severity=severity))
    assert receiver.received[0].event["type"] == type_


def test_a_service_that_fails_is_tried_again(receiver, firing):
    receiver.answers = [500]
    outcome = post(hook(receiver), "msg_1", firing())
    assert (
        not outcome.delivered
        and outcome.busy
        and outcome.error == "the service rejected the message"
    )


def test_a_scheme_that_it_does_not_know(receiver, firing):
    outcome = post(hook(receiver, url="nonsense://token@host"), "msg_1", firing())
    assert outcome.error == "Apprise does not support the scheme of the webhook's URL"


def test_its_urls_are_taken_in_the_settings_with_its_format_only():
    assert parse_webhook({"url": "ntfy://topic", "format": "apprise"}).url == "ntfy://topic"
    with pytest.raises(ConfigError, match="must start with http:// or https://"):
        parse_webhook({"url": "ntfy://topic"})


def test_without_it_the_install_line_is_said(receiver, firing, monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    outcome = post(hook(receiver), "msg_1", firing())
    assert "pip install 'modeltap[apprise]'" in outcome.error
